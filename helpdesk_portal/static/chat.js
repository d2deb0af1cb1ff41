/* This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
   of this repository contains the full copyright notices and license terms.

   The live chat as visitors have it. The server keeps everything: this page
   asks for news since what it has, again and again, and sends one thing after
   the other, each with a nonce, until it knows that it has arrived. */
'use strict';

(() => {
    const find = name => document.getElementById(`chat-${name}`);
    const data = JSON.parse(find('data').textContent);
    const words = data.words;
    const HEADER = 'X-Chat-Token';
    /* Seconds */
    const NEWS = 35;
    const SEEN = 20;
    /* After an outage the operator's client may be back later than we are,
       and has to be told again */
    const SEEN_ANEW = 5;
    const ANEW = 60;
    const TYPING = 6;
    const LONGEST_PAUSE = 8;
    const AGAIN = 30;
    /* Who begins sooner is taken for a robot */
    const LEAST = 4;
    const wait = seconds => new Promise(
        done => setTimeout(done, seconds * 1000));
    const fill = (word, values) => words[word].replace(
        /\{(\w+)\}/g, (all, name) => values[name] ?? all);

    function element(name, properties = {}, ...children) {
        const made = document.createElement(name);
        for (const [key, value] of Object.entries(properties)) {
            if (key === 'class') {
                made.className = value;
            } else if (value !== null && value !== undefined) {
                made.setAttribute(key, value);
            }
        }
        made.append(...children);
        return made;
    }

    function makeNonce() {
        const bytes = crypto.getRandomValues(new Uint8Array(32));
        return Array.from(
            bytes, byte => byte.toString(16).padStart(2, '0')).join('');
    }

    /* What is kept over pages and tabs: the token, what has not arrived yet,
       and what is being typed */

    const memory = {};

    function load(name) {
        try {
            return JSON.parse(localStorage.getItem(`${data.key}-${name}`));
        } catch (error) {
            return memory[name] ?? null;
        }
    }

    function keep(name, value) {
        memory[name] = value;
        try {
            if (value === null) {
                localStorage.removeItem(`${data.key}-${name}`);
            } else {
                localStorage.setItem(
                    `${data.key}-${name}`, JSON.stringify(value));
            }
        } catch (error) {
            /* It lasts as long as the page */
        }
    }

    let state = data.state;
    let loaded = Date.now();
    let token = null;
    let news = null;
    let run = 0;
    let messages = new Map();
    let last = 0;
    let outgoing = [];
    let emailRefused = false;
    let emailGiven = false;
    /* Where the chat does not begin there is still the form */
    let turnedAway = false;
    let formSent = false;
    /* By how much the clock here is wrong, in milliseconds */
    let clock = 0;
    let seenByParent = !data.embedded;
    let site = data.embedded ? null : document.referrer.split(/[?#]/)[0];
    let unread = 0;
    let lastSeen = 0;
    let lastOutage = 0;
    let lastRead = 0;

    /* Asking the server */

    class Refused extends Error {
        constructor(status, answer, pause) {
            super(status);
            this.status = status;
            this.answer = answer || {};
            this.pause = pause;
        }
        get lasting() {
            /* What is worth no other try; 429 is for people to decide */
            return this.status >= 400 && this.status < 500 &&
                this.status !== 408 && this.status !== 425;
        }
    }

    async function request(path, options = {}, seconds = 60) {
        const stop = new AbortController();
        const timer = setTimeout(() => stop.abort(), seconds * 1000);
        const headers = {...options.headers};
        if (token) {
            headers[HEADER] = token;
        }
        try {
            const answer = await fetch(`${data.address}/${path}`, {
                ...options, headers, signal: stop.signal, cache: 'no-store',
                credentials: data.embedded ? 'omit' : 'same-origin',
            });
            setClock(answer.headers.get('Date'));
            if (options.blob && answer.ok) {
                return await answer.blob();
            }
            let values = null;
            try {
                values = await answer.json();
            } catch (error) {
                if (answer.ok) {
                    throw error;
                }
            }
            if (!answer.ok) {
                throw new Refused(
                    answer.status, values,
                    Number(answer.headers.get('Retry-After')) || 0);
            }
            return values;
        } finally {
            clearTimeout(timer);
        }
    }

    function setClock(date) {
        const off = Date.parse(date) - Date.now();
        /* Seconds are on the way */
        clock = Math.abs(off) > 60000 ? off : 0;
    }

    const now = () => new Date(Date.now() + clock);

    function tell(path, values) {
        return request(path, {
            method: 'POST',
            headers: {'Content-Type': 'application/json'},
            body: JSON.stringify(values),
        });
    }

    let wake = () => {};

    async function pause(tries) {
        const seconds = Math.min(2 ** tries * .5, LONGEST_PAUSE);
        await Promise.race([
            wait(seconds * (.75 + Math.random() / 2)),
            new Promise(done => { wake = done; }),
        ]);
    }

    addEventListener('online', () => wake());

    function showOffline(is) {
        const text = is ? words.offline : '';
        if (find('offline').textContent !== text) {
            find('offline').textContent = text;
        }
    }

    async function retry(tries) {
        lastOutage = Date.now();
        showOffline(tries > 1);
        await pause(tries);
    }

    /* What is shown */

    const time = new Intl.DateTimeFormat(
        data.language, {hour: '2-digit', minute: '2-digit'});
    const date = new Intl.DateTimeFormat(
        data.language, {weekday: 'long', day: 'numeric', month: 'long'});
    const relative = new Intl.RelativeTimeFormat(
        data.language, {numeric: 'auto'});

    function dayName(day) {
        const midnight = new Date(day).setHours(0, 0, 0, 0);
        const today = now().setHours(0, 0, 0, 0);
        const ago = Math.round((midnight - today) / 86400000);
        const text = ago > -2 ? relative.format(ago, 'day')
            : date.format(day);
        return text.charAt(0).toLocaleUpperCase(data.language) +
            text.slice(1);
    }

    function linked(text) {
        const parts = [];
        let last = 0;
        for (const found of text.matchAll(/https?:\/\/[^\s<>"]+/gi)) {
            let address = found[0].replace(/[.,;:!?'*_]+$/, '');
            if (!address.includes('(')) {
                address = address.replace(/\)+.*$/, '');
            }
            let valid = true;
            try {
                new URL(address);
            } catch (error) {
                valid = false;
            }
            if (!valid) {
                continue;
            }
            parts.push(text.slice(last, found.index), element('a', {
                href: address,
                target: '_blank',
                rel: 'noopener noreferrer nofollow',
            }, address));
            last = found.index + address.length;
        }
        parts.push(text.slice(last));
        return parts;
    }

    function sizeName(size) {
        const [value, unit] = size < 1024 ? [size, 'byte']
            : size < 1048576 ? [size / 1024, 'kilobyte']
                : [size / 1048576, 'megabyte'];
        return new Intl.NumberFormat(data.language, {
            style: 'unit', unit, unitDisplay: 'short',
            maximumFractionDigits: 1,
        }).format(value);
    }

    async function download(file, button) {
        button.setAttribute('aria-disabled', 'true');
        try {
            const blob = await request(`files/${file.id}`, {blob: true});
            const link = element('a', {
                href: URL.createObjectURL(blob), download: file.name});
            link.click();
            setTimeout(() => URL.revokeObjectURL(link.href), 60000);
        } catch (error) {
            showError(words.file_failed);
        } finally {
            button.removeAttribute('aria-disabled');
        }
    }

    function fileItem(file) {
        const name = element('span', {class: 'chat-file-name'}, file.name);
        const size = element(
            'span', {class: 'chat-file-size'}, sizeName(file.size));
        if (!file.id) {
            return element('span', {class: 'chat-file'}, name, size);
        }
        const button = element(
            'button', {type: 'button', class: 'chat-file'}, name, size);
        button.addEventListener('click', () => {
            if (button.getAttribute('aria-disabled') !== 'true') {
                download(file, button);
            }
        });
        return button;
    }

    function dayItem(day) {
        return element('li', {class: 'chat-day'}, element(
            'time', {datetime: day}, dayName(new Date(`${day}T12:00`))));
    }

    function messageItem(message) {
        const kind = message.system ? 'system'
            : message.mine ? 'mine' : 'theirs';
        const at = new Date(message.at);
        const bubble = element('div', {class: 'chat-bubble'});
        bubble.append(element(
            'span', {class: 'chat-author'},
            message.mine ? words.you : message.author || words.system));
        if (message.text) {
            bubble.append(element(
                'p', {class: 'chat-said', dir: 'auto'},
                ...linked(message.text)));
        }
        bubble.append(...message.files.map(fileItem));
        const foot = element('div', {class: 'chat-foot'}, element(
            'time', {datetime: message.at}, time.format(at)));
        return element(
            'li', {class: `chat-message chat-${kind}`}, bubble, foot);
    }

    const localDay = at => {
        const day = new Date(at);
        return [day.getFullYear(), day.getMonth() + 1, day.getDate()].map(
            number => String(number).padStart(2, '0')).join('-');
    };
    /* By key: the message's item and what it was made of */
    const items = new Map();

    function key(message) {
        return message.nonce || `id-${message.id}`;
    }

    function mark(message, last) {
        if (message.failed) {
            return 'failed';
        }
        if (!message.id) {
            return 'sending';
        }
        if (!message.mine || message !== last) {
            return '';
        }
        return news && news.read >= message.id ? 'read' : 'sent';
    }

    function setMark(item, message, last) {
        const name = mark(message, last);
        if (item.dataset.mark === name) {
            return;
        }
        item.dataset.mark = name;
        const foot = item.querySelector('.chat-foot');
        foot.querySelectorAll('.chat-mark, button').forEach(
            old => old.remove());
        if (!name) {
            return;
        }
        foot.append(element(
            'span', {class: 'chat-mark'},
            name === 'failed' ? message.failed : words[name]));
        if (name === 'failed') {
            const again = element(
                'button', {type: 'button', class: 'link'}, words.retry);
            again.addEventListener('click', () => {
                message.failed = null;
                keepOutgoing();
                draw();
                send();
            });
            const remove = element(
                'button', {type: 'button', class: 'link'}, words.remove);
            remove.addEventListener('click', () => {
                outgoing = outgoing.filter(other => other !== message);
                keepOutgoing();
                draw();
                find('text').focus();
            });
            foot.append(again, remove);
        }
    }

    /* Bring the list up to date; what stays is not touched, so that nothing
       is read aloud twice */
    function draw() {
        const log = find('log');
        const list = find('messages');
        const all = [
            ...[...messages.values()].sort((one, two) => one.id - two.id),
            ...outgoing];
        const wanted = [];
        const mine = all.filter(message => message.mine && message.id).at(-1);
        let day = null;
        let before = null;
        for (const message of all) {
            const itsDay = localDay(message.at);
            if (itsDay !== day) {
                day = itsDay;
                wanted.push([`day-${day}`, () => dayItem(itsDay)]);
                before = null;
            }
            wanted.push([key(message), () => messageItem(message), message,
                before && before.mine === message.mine &&
                before.author === message.author &&
                before.system === message.system]);
            before = message;
        }
        const names = new Set(wanted.map(([name]) => name));
        for (const [name, item] of items) {
            if (!names.has(name)) {
                item.remove();
                items.delete(name);
            }
        }
        let place = list.firstElementChild;
        for (const [name, make, message, follows] of wanted) {
            let item = items.get(name);
            if (item && message && message.id && !item.dataset.id) {
                if (message.files.length) {
                    /* Now it can be downloaded */
                    const made = make();
                    item.replaceChildren(...made.children);
                    delete item.dataset.mark;
                }
                item.dataset.id = message.id;
            }
            if (!item) {
                item = make();
                items.set(name, item);
                if (message && message.id) {
                    item.dataset.id = message.id;
                }
            }
            if (message) {
                setMark(item, message, mine);
                item.classList.toggle('chat-follows', Boolean(follows));
            }
            if (item === place) {
                place = place.nextElementSibling;
            } else {
                list.insertBefore(item, place);
            }
        }
        if (stays) {
            log.scrollTop = log.scrollHeight;
        }
    }

    /* Who looks at the newest message goes on to do so, also when something
       takes away room */
    let stays = true;
    find('log').addEventListener('scroll', () => {
        const log = find('log');
        stays = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
    }, {passive: true});
    new ResizeObserver(() => {
        if (stays) {
            find('log').scrollTop = find('log').scrollHeight;
        }
    }).observe(find('log'));

    function setText(where, text) {
        if (where.textContent !== text) {
            where.textContent = text;
        }
    }

    function showTicket() {
        const ticket = news && news.ticket && news.ticket.url
            ? news.ticket : null;
        const place = find('ticket');
        place.hidden = !ticket;
        if (ticket && place.dataset.url !== ticket.url) {
            place.dataset.url = ticket.url;
            place.replaceChildren(element('a', {
                href: ticket.url, target: '_blank',
                rel: 'noopener noreferrer',
            }, fill('ticket', {number: ticket.number})));
        }
    }

    function showError(text) {
        const error = find('error');
        error.hidden = !text;
        setText(error, text || '');
    }

    const begun = () => Boolean(token);
    const ended = () => Boolean(news && news.state === 'ended');
    const nobody = () => !begun() && !(state.open && state.staffed);
    const awayForm = () => Boolean(window.helpdeskChatForm);
    let formShown = false;

    function presence() {
        if (ended()) {
            return ['over', ''];
        }
        if (begun() && news && news.operator) {
            return ['here', fill('talking', {name: news.operator})];
        }
        if (begun()) {
            /* Who is late may be there, but with others */
            return news && !news.late ? ['here', words.here] : ['away', ''];
        }
        return nobody() ? ['away', words.away] : ['here', words.here];
    }

    function status() {
        if (nobody()) {
            return formSent ? '' : state.back;
        }
        if (!begun() || !news || ended()) {
            return '';
        }
        const parts = [];
        if (!news.operator) {
            parts.push(news.late ? words.late : words.waiting);
            if (!news.late && news.queue) {
                parts.push(fill('queue', {place: news.queue + 1}));
            }
        }
        if (emailGiven && !news.ticket) {
            parts.push(words.email_thanks);
        }
        return parts.join(' ');
    }

    function show() {
        const [kind, text] = presence();
        find('presence').dataset.presence = kind;
        setText(find('presence'), text);
        const face = news && news.operator ||
            find('title').textContent.trim();
        setText(find('face'), [...face][0].toLocaleUpperCase(data.language));
        setText(find('status'), status());
        showTicket();
        find('end').hidden = !begun() || ended();
        if (find('end').hidden) {
            find('sure').hidden = true;
        }
        find('over').hidden = !ended();
        const offered = awayForm() && (nobody() || !begun() && turnedAway ||
            Boolean(news && news.late && !ended()));
        if (offered && nobody() && !formShown) {
            openForm(false);
        } else if (!offered && formShown && !ended()) {
            closeForm();
        }
        find('away').hidden = !formShown;
        find('back').hidden = nobody() || ended();
        find('instead').hidden = !offered || formShown;
        find('entry').hidden = ended() || formShown;
        find('attach').hidden = !begun();
        if (find('legal')) {
            find('legal').hidden = begun();
        }
        if (find('identity')) {
            find('identity').hidden = begun() || outgoing.length > 0;
        }
        showEmail();
        tellParent();
    }

    /* Also afterwards: who has no address has no link to the ticket */
    function showEmail() {
        find('email-form').hidden = !news || !news.ask_email ||
            emailRefused || formShown || ended() && !news.ticket;
        /* Otherwise the conversation says it */
        setText(find('later-label'), news && news.late
            ? words.email_late : words.email);
    }

    /* What the server does not have yet, for the form */
    function soFar() {
        return [...outgoing, {text: find('text').value}].map(
            message => message.text).filter(each => each.trim()).join('\n');
    }

    /* Somebody came, or the visitor waits on: nothing is lost */
    function closeForm() {
        formShown = false;
        if (!text.value) {
            text.value = window.helpdeskChatForm.text();
            keep('draft', text.value || null);
            grow();
        }
    }

    function openForm(focus = true) {
        formShown = true;
        const value = name => find(name) ? find(name).value : '';
        window.helpdeskChatForm.show({
            address: `${data.address}/form`,
            token,
            typed: {
                name: value('name'), email: value('email'), text: soFar()},
            begun: begun(),
            focus,
            sent: () => {
                formSent = true;
                text.value = '';
                keep('draft', null);
                outgoing = [];
                keepOutgoing();
                draw();
                show();
            },
        });
    }

    /* News */

    function take(message) {
        messages.set(message.id, message);
        if (message.nonce) {
            const before = outgoing.length;
            outgoing = outgoing.filter(
                other => other.nonce !== message.nonce);
            if (outgoing.length !== before) {
                keepOutgoing();
            }
        }
        if (!message.mine && !message.system && message.id > lastRead &&
                !isSeen()) {
            unread += 1;
        }
    }

    function takeNews(values) {
        const first = !news;
        news = {...values, messages: null};
        values.messages.forEach(take);
        last = Math.max(last, ...values.messages.map(message => message.id));
        draw();
        show();
        if (first) {
            find('log').scrollTop = find('log').scrollHeight;
            /* What was said before is not read aloud by itself */
            setTimeout(() => find('log').setAttribute(
                'aria-live', 'polite'), 500);
        }
        seen();
    }

    /* Not what was sent since: an answer from before may still be missing */
    const lastId = () => last;

    async function listen() {
        const mine = ++run;
        let tries = 0;
        while (begun() && mine === run && !ended()) {
            const started = Date.now();
            const version = news ? news.version : 0;
            let values;
            try {
                values = await request(
                    `news?version=${version}&after=${lastId()}`, {}, NEWS);
            } catch (error) {
                if (mine !== run) {
                    return;
                }
                if (error instanceof Refused &&
                        [403, 404].includes(error.status)) {
                    forget();
                    return;
                }
                tries += 1;
                await retry(tries);
                continue;
            }
            if (mine !== run) {
                return;
            }
            tries = 0;
            showOffline(false);
            const same = news && values.version === news.version;
            takeNews(values);
            if (same && Date.now() - started < 1000) {
                /* Very many are waiting: the server has no room */
                await wait(2);
            }
        }
    }

    /* Sending: one after the other, until each has arrived */

    function keepOutgoing() {
        keep('outgoing', outgoing.filter(message => message.text).map(
            ({nonce, text, at, failed}) => ({nonce, text, at, failed})));
    }

    function add(values) {
        outgoing.push({
            nonce: makeNonce(), at: now().toISOString(), mine: true,
            system: false, author: null, text: '', files: [], ...values,
        });
        keepOutgoing();
        draw();
        show();
        find('log').scrollTop = find('log').scrollHeight;
        send();
    }

    let sending = false;

    async function send() {
        if (sending) {
            return;
        }
        sending = true;
        let tries = 0;
        try {
            for (;;) {
                const message = outgoing[0];
                if (!message || message.failed) {
                    break;
                }
                const of = token;
                try {
                    if (!begun()) {
                        await begin(message);
                    } else if (message.file) {
                        const form = new FormData();
                        form.append('nonce', message.nonce);
                        form.append('file', message.file, message.file.name);
                        take(await request(
                            'files', {method: 'POST', body: form}, 600));
                    } else {
                        take(await tell('say', {
                            nonce: message.nonce, text: message.text}));
                    }
                    tries = 0;
                    showOffline(false);
                } catch (error) {
                    if (of !== token) {
                        continue;
                    }
                    if (error instanceof Refused && error.lasting) {
                        refuse(message, error);
                        break;
                    }
                    tries += 1;
                    await retry(tries);
                }
                draw();
                show();
            }
        } finally {
            sending = false;
        }
        draw();
        show();
    }

    function refuse(message, error) {
        const errors = error.answer.errors;
        if (!begun() && errors) {
            /* Back into the fields, to be written again */
            outgoing = outgoing.filter(other => other !== message);
            find('text').value = [message.text, find('text').value].filter(
                text => text).join('\n');
            keepOutgoing();
            draw();
            show();
            showErrors(errors);
            return;
        }
        message.failed = error.answer.error || words.failed;
        turnedAway = !begun();
        keepOutgoing();
    }

    function showErrors(errors) {
        let first = null;
        for (const name of ['name', 'email']) {
            const field = find(name);
            if (!field) {
                continue;
            }
            const text = errors[name] || '';
            find(`${name}-error`).hidden = !text;
            setText(find(`${name}-error`), text);
            if (text) {
                field.setAttribute('aria-invalid', 'true');
                first = first || field;
            } else {
                field.removeAttribute('aria-invalid');
            }
        }
        if (first) {
            first.focus();
        }
    }

    /* The robot check is done while somebody types */

    let proof = null;

    function prove() {
        if (state.challenge && !proof && !data.known) {
            proof = window.helpdeskRobotCheck.solve(state.challenge);
        }
    }

    async function proofs() {
        if (data.known) {
            return {csrf_token: data.csrf_token};
        }
        if (state.challenge) {
            prove();
            return {altcha: await proof};
        }
        if (state.recaptcha) {
            return {recaptcha: await Promise.race([
                window.helpdeskRobotCheck.ask(
                    state.recaptcha, ...data.recaptcha).catch(() => null),
                wait(10)])};
        }
        return {};
    }

    async function begin(message) {
        const field = name => find(name) ? find(name).value.trim() : '';
        const checked = await proofs();
        await wait(Math.max(0, LEAST - (Date.now() - loaded) / 1000));
        let values;
        try {
            values = await tell('begin', {
                nonce: message.nonce, text: message.text,
                name: field('name'), email: field('email'), page: site,
                stamp: state.stamp, ...checked,
            });
        } catch (error) {
            if (error.status === 409 && error.answer.state) {
                /* The page was open for too long */
                takeState(error.answer.state);
                throw new Refused(425, null);
            }
            throw error;
        }
        token = values.token;
        keep('token', token);
        showErrors({});
        takeNews(values);
        listen();
    }

    function takeState(values) {
        state = values;
        loaded = Date.now();
        proof = null;
    }

    async function askState() {
        try {
            takeState(await request('state'));
        } catch (error) {
            /* What we have is as good */
        }
        show();
    }

    /* What the operator sees of the visitor: that the page is open, what was
       read, that somebody types */

    const isSeen = () => seenByParent &&
        document.visibilityState === 'visible';
    let typedAt = 0;
    let toldTyping = 0;

    async function seen() {
        if (!begun() || !news || ended()) {
            return;
        }
        const moment = Date.now();
        if (isSeen() && lastId() > lastRead) {
            lastRead = lastId();
            unread = 0;
            keep('read', lastRead);
            tellParent();
        } else if (isSeen() && unread) {
            unread = 0;
            tellParent();
        }
        const typing = moment - typedAt < TYPING * 1000 &&
            moment - toldTyping > TYPING * 1000;
        const often = moment - lastOutage < ANEW * 1000 ? SEEN_ANEW : SEEN;
        if (lastRead === (seen.read || 0) && !typing &&
                moment - lastSeen < often * 1000) {
            return;
        }
        lastSeen = moment;
        seen.read = lastRead;
        if (typing) {
            toldTyping = moment;
        }
        try {
            await tell('seen', {read: lastRead, typing});
        } catch (error) {
            /* The next time */
        }
    }

    setInterval(seen, SEEN_ANEW * 1000 + 500);
    document.addEventListener('visibilitychange', seen);

    /* The page around the frame */

    const parentPage = data.embedded && window.parent !== window
        ? window.parent : null;

    function post(values) {
        if (parentPage) {
            /* Nothing that others may not know: who has the frame does */
            parentPage.postMessage({helpdeskChat: values}, '*');
        }
    }

    let toldParent = '';

    function tellParent() {
        const values = {unread, running: begun() && !ended()};
        document.title = unread && !data.embedded
            ? `(${unread}) ${title}` : title;
        if (JSON.stringify(values) !== toldParent) {
            toldParent = JSON.stringify(values);
            post(values);
        }
    }

    const title = document.title;

    addEventListener('message', event => {
        const values = event.data && event.data.helpdeskChat;
        if (!parentPage || event.source !== parentPage || !values) {
            return;
        }
        if (typeof values.page === 'string') {
            site = values.page.slice(0, 500);
        }
        if (typeof values.shown === 'boolean') {
            seenByParent = values.shown;
            if (values.shown) {
                find('log').scrollTop = find('log').scrollHeight;
                seen();
            }
        }
        if (values.focus) {
            focusFirst();
        }
    });

    function focusFirst() {
        const place = [
            find('text'), find('form-heading'), find('new'), find('log'),
        ].find(
            each => each.checkVisibility ? each.checkVisibility()
                : each.offsetParent);
        if (place) {
            place.focus();
        }
    }

    document.addEventListener('keydown', event => {
        if (event.key === 'Escape' && !event.isComposing) {
            if (!find('sure').hidden) {
                closeSure();
            } else {
                post({close: true});
            }
        }
    });
    if (find('close')) {
        find('close').addEventListener('click', () => post({close: true}));
    }

    /* What the visitor does */

    const text = find('text');

    function grow() {
        text.rows = Math.min(6, Math.max(1, text.value.split('\n').length));
    }

    function sendText() {
        const value = text.value.replace(/\s+$/, '');
        if (!value.trim()) {
            return;
        }
        if (value.length > data.limits.text) {
            showError(words.too_long);
            return;
        }
        const missing = !begun() && [find('name'), find('email')].find(
            field => field && !field.checkValidity());
        if (missing) {
            showErrors({[missing.name]: words[
                missing.name === 'name' ? 'name_required'
                    : missing.value ? 'email_invalid' : 'email_required']});
            return;
        }
        showErrors({});
        showError('');
        text.value = '';
        grow();
        keep('draft', null);
        typedAt = 0;
        add({text: value});
        text.focus();
    }

    find('entry').addEventListener('submit', event => {
        event.preventDefault();
        sendText();
    });
    text.addEventListener('keydown', event => {
        if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
            event.preventDefault();
            sendText();
        }
    });
    text.addEventListener('input', () => {
        typedAt = Date.now();
        grow();
        keep('draft', text.value || null);
        prove();
        seen();
    });
    find('entry').addEventListener('focusin', prove, {once: true});

    function addFiles(files) {
        if (!begun() || ended()) {
            return;
        }
        const few = Array.from(files);
        if (few.length > data.limits.files) {
            showError(words.files_many);
            return;
        }
        const large = few.find(file => file.size > data.limits.size);
        if (large) {
            showError(words.files_over);
            return;
        }
        showError('');
        for (const file of few) {
            add({file, files: [{name: file.name, size: file.size}]});
        }
    }

    find('attach').addEventListener('click', () => find('file').click());
    find('file').addEventListener('change', () => {
        addFiles(find('file').files);
        find('file').value = '';
        text.focus();
    });
    text.addEventListener('paste', event => {
        if (event.clipboardData.files.length && begun()) {
            event.preventDefault();
            addFiles(event.clipboardData.files);
        }
    });
    const chat = document.getElementById('chat');
    const hasFiles = event => event.dataTransfer &&
        Array.from(event.dataTransfer.types).includes('Files');
    chat.addEventListener('dragover', event => {
        if (hasFiles(event)) {
            event.preventDefault();
            chat.classList.add('chat-drop');
        }
    });
    chat.addEventListener('dragleave', event => {
        if (!chat.contains(event.relatedTarget)) {
            chat.classList.remove('chat-drop');
        }
    });
    chat.addEventListener('drop', event => {
        chat.classList.remove('chat-drop');
        if (hasFiles(event)) {
            event.preventDefault();
            addFiles(event.dataTransfer.files);
        }
    });

    find('email-form').addEventListener('submit', async event => {
        event.preventDefault();
        const field = find('later');
        let error = field.validity.valid ? ''
            : field.value ? words.email_invalid : words.email_required;
        if (!error) {
            try {
                await tell('email', {email: field.value.trim()});
                emailGiven = true;
                news.ask_email = false;
                show();
                focusFirst();
                if (ended()) {
                    /* With it comes the link to the ticket */
                    takeNews(await request(
                        `news?version=0&after=${lastId()}`));
                }
                return;
            } catch (failure) {
                const answer = failure.answer || {};
                error = (answer.errors || {}).email || answer.error ||
                    words.failed;
            }
        }
        find('later-error').hidden = false;
        setText(find('later-error'), error);
        field.setAttribute('aria-invalid', 'true');
        field.focus();
    });
    find('email-no').addEventListener('click', () => {
        emailRefused = true;
        show();
        focusFirst();
    });
    find('write').addEventListener('click', () => {
        openForm();
        show();
        find('form-heading').focus();
    });

    find('back').addEventListener('click', () => {
        closeForm();
        show();
        text.focus();
    });

    function closeSure() {
        find('sure').hidden = true;
        find('end').focus();
    }

    find('end').addEventListener('click', () => {
        find('sure').hidden = false;
        find('end-no').focus();
    });
    find('end-no').addEventListener('click', closeSure);
    find('end-yes').addEventListener('click', async () => {
        find('sure').hidden = true;
        try {
            await tell('end', {});
        } catch (error) {
            showError((error.answer || {}).error || words.failed);
            return;
        }
        listen();
        find('log').focus();
    });
    find('new').addEventListener('click', () => {
        forget();
        text.focus();
    });

    /* Begin anew */

    function forget() {
        run += 1;
        token = null;
        news = null;
        messages = new Map();
        last = 0;
        unread = 0;
        lastRead = 0;
        seen.read = 0;
        emailRefused = false;
        emailGiven = false;
        turnedAway = false;
        formSent = false;
        formShown = false;
        keep('token', null);
        keep('read', null);
        /* What has not arrived is written to whoever comes next */
        const lost = outgoing.map(message => message.text).filter(Boolean);
        outgoing = [];
        keepOutgoing();
        text.value = [...lost, text.value].filter(Boolean).join('\n');
        grow();
        showOffline(false);
        draw();
        show();
        askState();
    }

    function resume() {
        token = load('token');
        lastRead = load('read') || 0;
        outgoing = (load('outgoing') || []).map(message => ({
            mine: true, system: false, author: null, files: [], ...message,
        }));
        draw();
        show();
        if (begun()) {
            listen();
        }
        send();
    }

    /* Another tab began, or began anew */
    addEventListener('storage', event => {
        if (event.key === `${data.key}-token`) {
            const other = load('token');
            if (other !== token) {
                run += 1;
                token = other;
                news = null;
                messages = new Map();
                last = 0;
                emailGiven = emailRefused = turnedAway = false;
                draw();
                show();
                listen();
            }
        }
        if (event.key === `${data.key}-read`) {
            lastRead = Math.max(lastRead, load('read') || 0);
            seen.read = Math.max(seen.read || 0, lastRead);
            if (lastId() <= lastRead) {
                unread = 0;
                tellParent();
            }
        }
    });

    /* Somebody may come to who has written nothing yet */
    setInterval(() => {
        const untouched = formShown && [...find('away').querySelectorAll(
            'input, textarea')].every(field => !field.value);
        if (nobody() && isSeen() && !formSent && (untouched || !formShown)) {
            askState();
        }
    }, AGAIN * 1000);

    text.value = load('draft') || '';
    grow();
    resume();
    post({ready: true});
})();
