/* This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
   of this repository contains the full copyright notices and license terms. */
'use strict';

// A card of the board: its parts, what stands on them, and how it comes from
// elsewhere.
window.helpdeskBoard.card = (() => {
    const {word} = window.helpdeskBoard;
    const still = matchMedia('(prefers-reduced-motion: reduce)');
    // More at once would only be restless
    const GLIDES = 6;

    function make(data) {
        const element = document.getElementById('slip')
            .content.cloneNode(true).firstElementChild;
        const part = name => element.querySelector(name);
        const card = {
            data, element, lane: null,
            link: part('.number'), button: part('.move'),
            unread: part('.unread-mark'), priority: part('.priority'),
            subject: part('.slip-subject'), customer: part('.slip-customer'),
            due: part('.due'), tags: part('.tags'), disc: part('.disc'),
        };
        element.id = `slip-${data.id}`;
        card.link.id = `number-${data.id}`;
        card.subject.id = `subject-${data.id}`;
        element.setAttribute(
            'aria-labelledby', `${card.link.id} ${card.subject.id}`);
        card.link.target = 'helpdesk-ticket';
        card.unread.firstElementChild.textContent = word('unread');
        fill(card);
        return card;
    }

    function initials(name) {
        const parts = name.split(/\s+/).filter(Boolean);
        return [parts[0], parts.length > 1 ? parts.at(-1) : '']
            .map(part => [...part][0] ?? '').join('').toUpperCase();
    }

    function fill(card) {
        const {data} = card;
        const put = (element, text) => {
            element.textContent = text || '';
            element.hidden = !text;
        };
        card.link.textContent = data.number;
        // As a whole: what begins with /# is taken for a link within the page
        card.link.href = new URL(data.url, location.href).href;
        card.subject.textContent = data.subject;
        card.subject.title = data.subject;
        put(card.customer, data.customer);
        const pressing = ['high', 'urgent'].includes(data.priority);
        card.priority.className = `priority ${data.priority}`;
        put(card.priority, pressing && data.priority_name);
        card.unread.hidden = !data.unread;
        card.element.classList.toggle('unread', Boolean(data.unread));
        put(card.due, data.due_text && word(
            data.overdue ? 'overdue' : 'due', {due: data.due_text}));
        card.due.classList.toggle('late', Boolean(data.overdue));
        const tags = (data.tags || []).join(' · ');
        put(card.tags, tags);
        card.tags.title = tags && word('tags', {tags});
        const [shown, full] = card.disc.children;
        const name = data.responsible
            ? word('responsible', {name: data.responsible}) : word('nobody');
        shown.textContent = data.responsible ? initials(data.responsible) : '';
        full.textContent = card.disc.title = name;
        card.disc.classList.toggle('nobody', !data.responsible);
        card.disc.classList.toggle('own', Boolean(data.mine));
        card.button.setAttribute(
            'aria-label', word('move', {number: data.number}));
    }

    function isSeen(rect) {
        return rect.height > 0 && rect.bottom > 0 && rect.right > 0 &&
            rect.top < innerHeight && rect.left < innerWidth;
    }

    function flash(card) {
        card.element.classList.remove('arrived');
        requestAnimationFrame(() => card.element.classList.add('arrived'));
        setTimeout(() => card.element.classList.remove('arrived'), 1800);
    }

    function ghost(card, rect) {
        const element = card.element.cloneNode(true);
        element.classList.add('ghost');
        element.classList.remove('lifted', 'landing', 'arrived');
        for (const each of [element, ...element.querySelectorAll('[id]')]) {
            each.removeAttribute('id');
        }
        element.removeAttribute('aria-labelledby');
        element.setAttribute('aria-hidden', 'true');
        element.inert = true;
        Object.assign(element.style, {
            left: `${rect.left}px`, top: `${rect.top}px`,
            width: `${rect.width}px`, height: `${rect.height}px`,
        });
        document.getElementById('board').append(element);
        return element;
    }

    function glide(card, before) {
        const after = card.element.getBoundingClientRect();
        if (still.matches || !isSeen(before) || !isSeen(after) ||
                document.querySelectorAll('.ghost').length >= GLIDES) {
            flash(card);
            return;
        }
        const flying = ghost(card, after);
        card.element.classList.add('landing');
        const from = `translate(${before.left - after.left}px, ` +
            `${before.top - after.top}px)`;
        flying.animate(
            [{transform: from}, {transform: 'none'}],
            {duration: 260, easing: 'cubic-bezier(.2, 0, 0, 1)'},
        ).finished.finally(() => {
            flying.remove();
            card.element.classList.remove('landing');
            flash(card);
        });
    }

    return {make, fill, flash, ghost, glide, still};
})();
