/* This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
   of this repository contains the full copyright notices and license terms. */
"use strict";

// The form of a chat in which nobody answers.
//
//     helpdeskChatForm.show({address, token, typed, begun, focus, sent})
//
// address is that of chat/<id>/form, token that of the chat, if one was begun;
// typed has what was typed already, by the names of the fields; begun tells
// that something was said before, focus whether somebody asked for the form:
// what comes by itself leaves the cursor where it is. sent is called when the
// message is on its way, with the answer.
(() => {
    const box = document.getElementById("chat-form");
    if (!box) {
        return;
    }
    const form = box.querySelector("form");
    const heading = document.getElementById("chat-form-heading");
    const title = heading.textContent;
    const thanks = document.getElementById("chat-form-thanks");
    const summary = document.getElementById("chat-form-errors");
    const status = form.querySelector("[role=status]");
    const button = form.querySelector("button");
    const fields = ["name", "email", "subject", "text", "website"];
    const field = (name) => document.getElementById(`chat-form-${name}`);
    const sleep = (milliseconds) => new Promise(
        (done) => setTimeout(done, milliseconds));
    // Whoever can't be checked is sent a mail instead of an error
    const patience = (promise, seconds) => Promise.race([
        promise.catch(() => null), sleep(seconds * 1000).then(() => null)]);
    let options = {};
    let prepared = null;

    async function prepare() {
        const begun = Date.now();
        const answer = await fetch(options.address);
        if (!answer.ok) {
            throw new Error(answer.statusText);
        }
        const needed = await answer.json();
        for (const [name, length] of Object.entries(needed.lengths)) {
            if (field(name)) {
                field(name).maxLength = length;
            }
        }
        const check = window.helpdeskRobotCheck;
        return {
            stamp: needed.stamp,
            proof: needed.challenge ? check.solve(needed.challenge) : null,
            recaptcha: needed.recaptcha,
            // Who is faster is taken for a robot
            ready: begun + (needed.least + 1) * 1000,
        };
    }

    function begin() {
        if (!prepared) {
            prepared = prepare();
            prepared.catch(() => {
                prepared = null;
            });
        }
        return prepared;
    }

    async function collect() {
        const ready = await begin();
        const values = {stamp: ready.stamp};
        for (const name of fields) {
            values[name] = field(name).value;
        }
        if (ready.proof) {
            values.altcha = await patience(ready.proof, 60) || "";
        } else if (ready.recaptcha) {
            const {key, script, action} = ready.recaptcha;
            values.recaptcha = await patience(
                window.helpdeskRobotCheck.ask(key, script, action), 10) || "";
        }
        await sleep(Math.max(0, ready.ready - Date.now()));
        return values;
    }

    // What is wrong

    function mark(name, text) {
        const error = document.getElementById(`chat-form-${name}-error`);
        error.textContent = text || "";
        error.hidden = !text;
        if (text) {
            field(name).setAttribute("aria-invalid", "true");
            field(name).setAttribute("aria-describedby", error.id);
        } else {
            field(name).removeAttribute("aria-invalid");
            field(name).removeAttribute("aria-describedby");
        }
    }

    function point(name, text) {
        const item = document.createElement("li");
        if (!field(name)) {
            item.textContent = text;
            return item;
        }
        const link = document.createElement("a");
        link.href = `#chat-form-${name}`;
        link.textContent = text;
        link.addEventListener("click", (event) => {
            event.preventDefault();
            field(name).focus();
        });
        item.append(link);
        return item;
    }

    function complain(errors) {
        for (const name of fields) {
            mark(name, errors[name]);
        }
        const trap = field("website").parentElement;
        trap.classList.toggle("trap", !errors.website);
        if (errors.website) {
            trap.removeAttribute("aria-hidden");
            field("website").removeAttribute("tabindex");
        }
        const items = Object.entries(errors).map(
            ([name, text]) => point(name, text));
        summary.querySelector("ul").replaceChildren(...items);
        summary.hidden = !items.length;
        if (items.length) {
            summary.focus();
        }
    }

    // Sending

    async function send() {
        status.textContent = form.dataset.textChecking;
        const values = await collect();
        status.textContent = form.dataset.textSending;
        const headers = {"Content-Type": "application/json"};
        if (options.token) {
            headers["X-Chat-Token"] = options.token;
        }
        const answer = await fetch(options.address, {
            method: "POST",
            headers,
            body: JSON.stringify(values),
        });
        const told = await answer.json();
        if (answer.ok) {
            thank(told);
            return;
        }
        if (told.errors && told.errors.form) {
            // With a new stamp it works
            prepared = null;
            begin();
        }
        complain(told.errors
            || {form: told.error || form.dataset.textFailed});
    }

    function thank(told) {
        heading.textContent = told.heading;
        const sentences = told.sentences.map((text) => {
            const line = document.createElement("p");
            line.textContent = text;
            return line;
        });
        thanks.replaceChildren(...sentences);
        thanks.hidden = false;
        form.hidden = true;
        form.reset();
        prepared = null;
        heading.focus();
        if (options.sent) {
            options.sent(told);
        }
    }

    form.addEventListener("submit", async (event) => {
        event.preventDefault();
        if (button.disabled) {
            return;
        }
        button.disabled = true;
        complain({});
        try {
            await send();
        } catch (error) {
            complain({form: form.dataset.textFailed});
        } finally {
            button.disabled = false;
            status.textContent = "";
        }
    });

    window.helpdeskChatForm = {
        show(given) {
            options = given;
            for (const [name, value] of Object.entries(given.typed || {})) {
                if (field(name) && value && !field(name).value) {
                    field(name).value = value;
                }
            }
            document.getElementById("chat-form-along").hidden = !given.begun;
            field("text").required = !given.begun;
            thanks.hidden = true;
            form.hidden = false;
            box.hidden = false;
            begin();
            heading.textContent = title;
            if (given.focus) {
                heading.focus();
            }
        },
        hide() {
            box.hidden = true;
        },
        // What was typed, so that it can go back into the chat
        text() {
            return field("text").value;
        },
    };
})();
