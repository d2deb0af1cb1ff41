/* This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
   of this repository contains the full copyright notices and license terms. */
"use strict";

// What a browser does to show that a person uses it.
(() => {
    // ALTCHA: find the number whose key begins as the challenge wants

    const bytes = (hex) => Uint8Array.from(
        hex.match(/../g) || [], (pair) => parseInt(pair, 16));
    const hex = (buffer) => Array.from(
        new Uint8Array(buffer),
        (byte) => byte.toString(16).padStart(2, "0")).join("");
    const breathe = () => new Promise((done) => setTimeout(done));

    async function solve(challenge) {
        const parameters = challenge.parameters;
        const nonce = bytes(parameters.nonce);
        const salt = bytes(parameters.salt);
        const password = new Uint8Array(nonce.length + 4);
        const view = new DataView(password.buffer);
        password.set(nonce);
        for (let counter = 0; counter < 65536; counter++) {
            view.setUint32(nonce.length, counter);
            const key = await crypto.subtle.importKey(
                "raw", password, "PBKDF2", false, ["deriveBits"]);
            const derivedKey = hex(await crypto.subtle.deriveBits({
                name: "PBKDF2",
                hash: "SHA-256",
                salt,
                iterations: parameters.cost,
            }, key, parameters.keyLength * 8));
            if (derivedKey.startsWith(parameters.keyPrefix)) {
                return btoa(JSON.stringify({
                    challenge, solution: {counter, derivedKey}}));
            }
            if (counter % 8 === 7) {
                // So that typing stays smooth
                await breathe();
            }
        }
        return null;
    }

    // reCAPTCHA

    function load(address) {
        return new Promise((done, failed) => {
            const script = document.createElement("script");
            script.src = address;
            script.onload = done;
            script.onerror = failed;
            document.head.append(script);
        });
    }

    async function ask(key, script, action) {
        if (!window.grecaptcha) {
            await load(`${script}?render=${encodeURIComponent(key)}`);
        }
        await new Promise((done) => window.grecaptcha.ready(done));
        return window.grecaptcha.execute(
            key, {action});
    }

    window.helpdeskRobotCheck = {
        // Return a promise of the solution of the challenge, which is JSON;
        // of null if the browser can't find it
        solve: async (challenge) => {
            try {
                return await solve(JSON.parse(challenge));
            } catch (error) {
                // Without TLS there is no crypto.subtle
                return null;
            }
        },
        // Return a promise of reCAPTCHA's token for the key of the site
        ask,
    };
})();
