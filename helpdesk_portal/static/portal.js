/* This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
   of this repository contains the full copyright notices and license terms.

   Comfort for every page; without it all works the same. */
'use strict';

(() => {
    const script = document.currentScript;

    /* The next page tells its times in the zone of the visitor */
    try {
        const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
        const path = new URL('..', script.src).pathname.replace(/\/$/, '');
        if (/^[A-Za-z0-9_+\/-]+$/.test(zone)) {
            document.cookie = (
                'helpdesk_zone=' + zone +
                ';path=' + path + ';max-age=31536000;SameSite=Lax' +
                (location.protocol === 'https:' ? ';Secure' : ''));
        }
    } catch (error) {
        /* Without cookies the times stay those of the company */
    }

    /* A form is sent once. Who comes back to it may send it again. */
    const patience = 20000;
    const sent = new Map();

    function release(form) {
        const {buttons, status, timer} = sent.get(form);
        clearTimeout(timer);
        buttons.forEach(button => button.removeAttribute('aria-disabled'));
        status.remove();
        sent.delete(form);
    }

    document.addEventListener('submit', event => {
        const form = event.target;
        if (event.defaultPrevented || form.method !== 'post') {
            return;
        }
        if (sent.has(form)) {
            event.preventDefault();
            return;
        }
        const buttons = form.querySelectorAll('button:not([type=button])');
        const status = document.createElement('p');
        status.setAttribute('role', 'status');
        status.className = 'quiet';
        if (!form.closest('.menu')) {
            form.append(status);
        }
        buttons.forEach(button => button.setAttribute('aria-disabled', 'true'));
        sent.set(form, {
            buttons, status,
            timer: setTimeout(() => release(form), patience),
        });
        /* What is announced is what changes */
        setTimeout(() => { status.textContent = script.dataset.sending; });
    });

    addEventListener('pageshow', () => [...sent.keys()].forEach(release));
})();
