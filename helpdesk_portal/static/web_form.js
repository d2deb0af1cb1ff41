/* This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
   of this repository contains the full copyright notices and license terms. */
"use strict";

// What the form of a section is better with: the robot check while somebody
// types, similar tickets, and a bar while large files are sent. Without it
// the request is confirmed by mail, and everything else is the same.
(() => {
    const form = document.getElementById("web-form");
    if (!form) {
        return;
    }
    const status = document.getElementById("web-form-status");
    const bar = document.getElementById("web-form-progress");
    const say = (text) => {
        status.textContent = text || "";
    };

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

    async function ask(key) {
        const script = form.dataset.recaptchaScript;
        if (!window.grecaptcha) {
            await load(`${script}?render=${encodeURIComponent(key)}`);
        }
        await new Promise((done) => window.grecaptcha.ready(done));
        return window.grecaptcha.execute(
            key, {action: form.dataset.recaptchaAction});
    }

    // Whoever can't be checked is sent a mail instead of an error

    const patience = (promise, seconds) => Promise.race([
        promise.catch(() => null),
        new Promise((done) => setTimeout(done, seconds * 1000, null)),
    ]);
    let proof = null;

    function begin() {
        const challenge = form.dataset.challenge;
        if (challenge && !proof && window.crypto && crypto.subtle) {
            proof = solve(JSON.parse(challenge)).catch(() => null);
        }
    }

    function put(name, value) {
        let input = form.querySelector(`input[type=hidden][name=${name}]`);
        if (!input) {
            input = document.createElement("input");
            input.type = "hidden";
            input.name = name;
            form.append(input);
        }
        input.value = value || "";
    }

    async function check() {
        begin();
        if (proof) {
            say(form.dataset.textChecking);
            put("altcha", await patience(proof, 60));
        } else if (form.dataset.recaptcha) {
            say(form.dataset.textChecking);
            put("recaptcha", await patience(ask(form.dataset.recaptcha), 10));
        }
    }

    // Sending

    const weight = () => Array.from(form.elements.files.files).reduce(
        (sum, file) => sum + file.size, 0);

    function upload() {
        const request = new XMLHttpRequest();
        const failed = () => {
            bar.hidden = true;
            busy = false;
            say(form.dataset.textFailed);
        };
        request.open("POST", form.action);
        request.upload.onprogress = (event) => {
            if (event.lengthComputable) {
                bar.value = event.loaded / event.total;
            }
        };
        request.onerror = failed;
        request.onabort = failed;
        request.onload = () => {
            if (request.status < 400) {
                // The page that the answer led to
                window.location.assign(request.responseURL);
                return;
            }
            document.open();
            document.write(request.responseText);
            document.close();
        };
        bar.hidden = false;
        request.send(new FormData(form));
    }

    let busy = false;
    form.addEventListener("focusin", begin, {once: true});
    form.addEventListener("submit", async (event) => {
        event.preventDefault();
        if (busy) {
            return;
        }
        busy = true;
        await check();
        say(form.dataset.textSending);
        if (weight() > Number(form.dataset.progress)) {
            upload();
        } else {
            form.submit();
        }
    });
    // Who comes back by the button of the browser may send again
    window.addEventListener("pageshow", () => {
        busy = false;
        say("");
    });

    // Similar tickets of who is logged in

    const similar = document.getElementById("similar");
    if (similar && form.dataset.similar) {
        let timer = null;
        let last = null;
        const look = async () => {
            const subject = form.elements.subject.value.trim();
            if (last) {
                last.abort();
            }
            last = new AbortController();
            try {
                const answer = await fetch(
                    `${form.dataset.similar}?subject=${
                        encodeURIComponent(subject)}`,
                    {signal: last.signal, credentials: "same-origin"});
                const html = answer.ok ? (await answer.text()).trim() : "";
                if (similar.innerHTML.trim() !== html) {
                    similar.innerHTML = html;
                }
            } catch (error) {
                // The next letter that is typed asks again
            }
        };
        form.elements.subject.addEventListener("input", () => {
            clearTimeout(timer);
            timer = setTimeout(look, 400);
        });
    }
})();
