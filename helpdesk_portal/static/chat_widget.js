/* This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
   of this repository contains the full copyright notices and license terms.

   The button on other sites that opens the live chat in a frame. What follows
   is called with the values of a channel. It stands in a shadow of its own,
   so that neither the style of the page nor ours gets to the other, and needs
   no style that a strict policy forbids. */
(channel => {
    'use strict';

    const script = document.currentScript;
    if (!script || document.getElementById(`helpdesk-chat-${channel.id}`)) {
        return;
    }
    const address = script.src.replace(/\/widget\.js.*$/, '');
    const origin = new URL(address).origin;
    const PHONE = matchMedia('(max-width: 30rem), (max-height: 26rem)');

    function words() {
        const wanted = [
            document.documentElement.lang, ...(navigator.languages || [])];
        for (const code of wanted.filter(Boolean)) {
            for (const name of [code, code.split('-')[0]]) {
                const found = Object.keys(channel.words).find(
                    each => each.toLowerCase() === name.toLowerCase());
                if (found) {
                    return [found, channel.words[found]];
                }
            }
        }
        const [first] = Object.keys(channel.words);
        const code = channel.words.en ? 'en' : first;
        return [code, channel.words[code]];
    }

    const STYLE = `
/* Whatever the site says of its own elements */
:host { all: initial !important; }
button, dialog, iframe { box-sizing: border-box; margin: 0; padding: 0; }
/* As people have chosen it; a rem is what the site makes of it */
button, dialog { font-size: medium; }
button {
    position: fixed;
    z-index: 2147483000;
    inset-block-end: max(1.25em, env(safe-area-inset-bottom));
    inset-inline-end: 1.25em;
    width: 3.5em;
    height: 3.5em;
    border: 2px solid #fff;
    border-radius: 50%;
    background: ${channel.color};
    color: #fff;
    box-shadow: 0 4px 16px rgb(0 0 0 / 30%);
    cursor: pointer;
}
button:hover { filter: brightness(.88); }
button:focus-visible {
    outline: 3px solid ${channel.color};
    outline-offset: 3px;
}
svg { display: block; width: 1.75em; height: 1.75em; margin: auto; }
path {
    fill: none;
    stroke: currentcolor;
    stroke-width: 1.8;
    stroke-linecap: round;
    stroke-linejoin: round;
}
.cross, .open .bubble { display: none; }
.open .cross { display: inline; }
span {
    position: absolute;
    inset-block-start: -.5em;
    inset-inline-end: -.5em;
    min-width: 1.7em;
    padding: 0 .4em;
    box-sizing: border-box;
    border: 2px solid #fff;
    border-radius: 1.15em;
    background: #ad1f1f;
    font: 650 .875em/1.45 system-ui, sans-serif;
    text-align: center;
}
[hidden] { display: none; }
dialog {
    position: fixed;
    z-index: 2147483000;
    inset: auto;
    inset-block-end: 5.75em;
    inset-inline-end: 1.25em;
    width: min(23.75em, calc(100vw - 2.5em));
    max-width: none;
    height: min(37.5em, calc(100vh - 7em));
    max-height: none;
    border: 1px solid rgb(120 130 145 / 50%);
    border-radius: 1em;
    background: transparent;
    box-shadow: 0 12px 40px rgb(0 0 0 / 30%);
    overflow: hidden;
}
dialog::backdrop { background: transparent; }
dialog.full {
    inset: 0;
    width: 100vw;
    height: 100vh;
    height: 100dvh;
    border: 0;
    border-radius: 0;
}
iframe {
    display: block;
    width: 100%;
    height: 100%;
    border: 0;
    color-scheme: normal;
}
@media print { button, dialog { display: none; } }
`;

    const [language, text] = words();
    const host = document.createElement('div');
    host.id = `helpdesk-chat-${channel.id}`;
    const root = host.attachShadow({mode: 'open'});
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];

    const button = document.createElement('button');
    button.type = 'button';
    button.lang = language;
    button.setAttribute('aria-expanded', 'false');
    const svg = 'http://www.w3.org/2000/svg';
    const icon = document.createElementNS(svg, 'svg');
    icon.setAttribute('viewBox', '0 0 24 24');
    icon.setAttribute('aria-hidden', 'true');
    for (const [name, d] of [
        ['bubble', 'M4 5.5h16a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1h-9l-5 4v-4H4a1 ' +
            '1 0 0 1-1-1v-9a1 1 0 0 1 1-1zM7.5 9.5h9M7.5 12.7h6'],
        ['cross', 'M6 6l12 12M18 6L6 18'],
    ]) {
        const path = document.createElementNS(svg, 'path');
        path.setAttribute('class', name);
        path.setAttribute('d', d);
        icon.append(path);
    }
    const badge = document.createElement('span');
    badge.setAttribute('aria-hidden', 'true');
    badge.hidden = true;
    button.append(icon, badge);
    const panel = document.createElement('dialog');
    panel.lang = language;
    panel.setAttribute('aria-label', text.open);
    root.append(button, panel);

    let frame = null;
    let isReady = false;
    let isOpen = false;
    let unread = 0;

    /* The page's own memory: that there is a chat, to be told of answers */
    function remember(storage, name, value) {
        try {
            const key = `helpdesk-chat-${channel.id}-${name}`;
            if (value === undefined) {
                return window[storage].getItem(key);
            }
            if (value) {
                window[storage].setItem(key, '1');
            } else {
                window[storage].removeItem(key);
            }
        } catch (error) {
            /* It may not be used */
        }
        return null;
    }

    function label() {
        button.setAttribute('aria-label', isOpen ? text.close
            : unread ? text.open_unread.replace('{count}', unread)
                : text.open);
        button.setAttribute('aria-expanded', String(isOpen));
        button.className = isOpen ? 'open' : '';
        badge.textContent = unread > 99 ? '99+' : unread;
        badge.hidden = !unread || isOpen;
    }

    function tell(values) {
        if (frame && isReady) {
            frame.contentWindow.postMessage({helpdeskChat: values}, origin);
        }
    }

    function load() {
        if (frame) {
            return;
        }
        frame = document.createElement('iframe');
        frame.title = text.open;
        frame.src = `${address}/frame?lang=${encodeURIComponent(language)}`;
        panel.append(frame);
    }

    function place() {
        panel.classList.toggle('full', PHONE.matches);
    }

    function raise() {
        if (PHONE.matches) {
            /* It is all there is */
            panel.showModal();
        } else {
            /* Unlike show(), it leaves the focus where it is */
            panel.open = true;
        }
    }

    function open(focus = true) {
        load();
        place();
        isOpen = true;
        raise();
        remember('sessionStorage', 'open', true);
        label();
        tell({shown: true, focus});
        if (focus) {
            frame.focus();
        }
    }

    function close() {
        isOpen = false;
        panel.close();
        remember('sessionStorage', 'open', false);
        tell({shown: false});
        label();
        button.focus();
    }

    button.addEventListener('click', () => (isOpen ? close() : open()));
    panel.addEventListener('cancel', event => {
        event.preventDefault();
        close();
    });
    root.addEventListener('keydown', event => {
        if (event.key === 'Escape' && isOpen) {
            event.stopPropagation();
            event.preventDefault();
            close();
        }
    });
    PHONE.addEventListener('change', () => {
        place();
        if (isOpen) {
            panel.close();
            raise();
        }
    });

    addEventListener('message', event => {
        const values = event.data && event.data.helpdeskChat;
        if (!frame || event.source !== frame.contentWindow ||
                event.origin !== origin || !values) {
            return;
        }
        if (values.ready) {
            isReady = true;
            tell({
                page: location.origin + location.pathname,
                shown: isOpen,
                focus: isOpen && root.activeElement === frame,
            });
        }
        if (Number.isInteger(values.unread)) {
            unread = values.unread;
            remember('localStorage', 'running', values.running === true);
            label();
        }
        if (values.close && isOpen) {
            close();
        }
    });

    function start() {
        document.body.append(host);
        label();
        if (remember('sessionStorage', 'open') && !PHONE.matches) {
            open(false);
        } else if (remember('localStorage', 'running')) {
            load();
        }
    }

    if (document.body) {
        start();
    } else {
        addEventListener('DOMContentLoaded', start, {once: true});
    }
})
