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

    // Whoever can't be checked is sent a mail instead of an error

    const patience = (promise, seconds) => Promise.race([
        promise.catch(() => null),
        new Promise((done) => setTimeout(done, seconds * 1000, null)),
    ]);
    let proof = null;

    function begin() {
        const challenge = form.dataset.challenge;
        if (challenge && !proof) {
            proof = window.helpdeskRobotCheck.solve(challenge);
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
            put("recaptcha", await patience(window.helpdeskRobotCheck.ask(
                form.dataset.recaptcha, form.dataset.recaptchaScript,
                form.dataset.recaptchaAction), 10));
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
