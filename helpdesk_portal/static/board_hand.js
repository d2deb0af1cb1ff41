/* This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
   of this repository contains the full copyright notices and license terms. */
'use strict';

// How people move the cards of the board, and open their tickets: with the
// mouse or a finger, by the keyboard, or with the menu of a card.
(() => {
    const board = window.helpdeskBoard;
    if (!board.box) {
        // There is no section
        return;
    }
    const {box, root} = board;
    const {ghost, still} = board.card;
    const sheet = document.getElementById('move');
    const isRight = document.documentElement.dir === 'rtl';
    // Pixels of a click that is none, and milliseconds of a long press
    const FAR = 6;
    const LONG = 350;
    // Pixels at the edges where what is below scrolls, at most so many a frame
    const EDGE = 56;
    const SPEED = 18;

    const gap = document.createElement('li');
    gap.className = 'gap';
    gap.setAttribute('aria-hidden', 'true');

    const lanes = () => [...board.lanes.values()];

    // Where the card in hand would land
    function aim(card, lane) {
        for (const each of lanes()) {
            each.element.classList.toggle('aimed', each === lane);
        }
        if (!lane || lane === card.lane) {
            gap.remove();
            return;
        }
        const next = lane.cards[board.placeIn(lane, card.data)]?.element ??
            lane.more;
        if (gap.nextElementSibling !== next) {
            lane.list.insertBefore(gap, next);
        }
    }

    function lift(card) {
        board.hold(card);
        gap.style.height = `${card.element.offsetHeight}px`;
        card.element.classList.add('lifted');
        box.classList.add('moving');
    }

    function put(card, lane) {
        aim(card, null);
        card.element.classList.remove('lifted');
        box.classList.remove('moving');
        if (lane && lane !== card.lane) {
            board.move(card, lane);
        } else {
            const {number} = card.data;
            board.say(board.word('stays', {number, column: card.lane.name}));
        }
        board.release();
    }

    // With the mouse or a finger

    let press = null;
    let drag = null;
    let dragged = false;

    function begin() {
        const {card, pointer, x, y} = press;
        clearTimeout(press.timer);
        press = null;
        if (!card.lane || board.isOver()) {
            return;
        }
        const rect = card.element.getBoundingClientRect();
        drag = {card, pointer, x, y, left: x, top: y};
        drag.ghost = ghost(card, rect);
        drag.ghost.classList.add('dragged');
        root.setPointerCapture(pointer);
        lift(card);
        follow();
    }

    function scroll(element, way, near, far, at) {
        const speed = at < near + EDGE ? (at - near - EDGE) / EDGE
            : at > far - EDGE ? (at - far + EDGE) / EDGE : 0;
        if (speed) {
            element[way] += SPEED * Math.max(-1, Math.min(1, speed));
        }
    }

    function under(x, y) {
        const {top, bottom} = box.getBoundingClientRect();
        return y < top || y > bottom ? null : lanes().find(each => {
            const rect = each.element.getBoundingClientRect();
            return x >= rect.left && x <= rect.right;
        });
    }

    function follow() {
        if (!drag) {
            return;
        }
        const {card, ghost, x, y, left, top} = drag;
        ghost.style.transform =
            `translate(${x - left}px, ${y - top}px) rotate(1.5deg)`;
        const whole = box.getBoundingClientRect();
        scroll(box, 'scrollLeft', whole.left, whole.right, x);
        const lane = under(x, y);
        if (lane) {
            const rect = lane.list.getBoundingClientRect();
            scroll(lane.list, 'scrollTop', rect.top, rect.bottom, y);
        }
        if (lane !== drag.lane) {
            drag.lane = lane;
            aim(card, lane);
        }
        requestAnimationFrame(follow);
    }

    function end(lane) {
        const {card, ghost, pointer} = drag;
        drag = null;
        ghost.remove();
        if (root.hasPointerCapture(pointer)) {
            root.releasePointerCapture(pointer);
        }
        // The click that follows is none
        dragged = true;
        setTimeout(() => { dragged = false; });
        put(card, lane);
    }

    function drop() {
        clearTimeout(press?.timer);
        press = null;
    }

    box.addEventListener('pointerdown', event => {
        const card = board.cardOf(event.target);
        if (!card || event.button || !event.isPrimary || drag || carry ||
                event.target.closest('button')) {
            return;
        }
        press = {
            card, pointer: event.pointerId,
            x: event.clientX, y: event.clientY,
            mouse: event.pointerType === 'mouse',
        };
        if (!press.mouse) {
            press.timer = setTimeout(begin, LONG);
        }
    });
    document.addEventListener('pointermove', event => {
        const {clientX: x, clientY: y} = event;
        if (drag?.pointer === event.pointerId) {
            Object.assign(drag, {x, y});
        } else if (press?.pointer === event.pointerId &&
                Math.hypot(x - press.x, y - press.y) > FAR) {
            if (press.mouse) {
                begin();
            } else {
                // It scrolls
                drop();
            }
        }
    });
    document.addEventListener('pointerup', event => {
        drop();
        if (drag?.pointer === event.pointerId) {
            end(under(event.clientX, event.clientY));
        }
    });
    document.addEventListener('pointercancel', event => {
        drop();
        if (drag?.pointer === event.pointerId) {
            end(null);
        }
    });
    // A finger that has a card does not scroll
    document.addEventListener('touchmove', event => {
        if (drag && event.cancelable) {
            event.preventDefault();
        }
    }, {passive: false});
    box.addEventListener('dragstart', event => event.preventDefault());
    document.addEventListener('contextmenu', event => {
        if (drag || press && !press.mouse) {
            event.preventDefault();
        }
    });
    document.addEventListener('keydown', event => {
        if (drag && event.key === 'Escape') {
            event.preventDefault();
            event.stopPropagation();
            end(null);
        }
    }, true);

    // By the keyboard

    let carry = null;

    function focus(card) {
        if (card) {
            card.element.focus({preventScroll: true});
            board.bring(card);
        }
    }

    // The card of a column that is at the height of another
    function beside(card, lane) {
        const {top, height} = card.element.getBoundingClientRect();
        const middle = top + height / 2;
        const distance = each => {
            const rect = each.element.getBoundingClientRect();
            return Math.abs(rect.top + rect.height / 2 - middle);
        };
        let best = null;
        let nearest = Infinity;
        for (const each of lane.cards) {
            const far = distance(each);
            if (far > nearest) {
                break;
            }
            [best, nearest] = [each, far];
        }
        return best;
    }

    function step(card, key) {
        const {lane} = card;
        const at = lane.cards.indexOf(card);
        const ways = {
            ArrowUp: () => lane.cards[at - 1],
            ArrowDown: () => lane.cards[at + 1],
            Home: () => lane.cards[0],
            End: () => lane.cards.at(-1),
        };
        if (ways[key]) {
            return ways[key]();
        }
        const way = (key === 'ArrowRight') !== isRight ? 1 : -1;
        const all = lanes();
        for (let i = all.indexOf(lane) + way; all[i]; i += way) {
            if (all[i].cards.length) {
                return beside(card, all[i]);
            }
        }
    }

    function pickUp(card) {
        carry = {card, lane: card.lane};
        lift(card);
        board.say(board.word('lifted', {
            number: card.data.number, column: card.lane.name}));
    }

    function choose(key) {
        const all = lanes();
        const way = (key === 'ArrowRight') !== isRight ? 1 : -1;
        const lane = all[all.indexOf(carry.lane) + way];
        if (lane) {
            carry.lane = lane;
            aim(carry.card, lane);
            const shown = lane === carry.card.lane
                ? carry.card.element : gap;
            shown.scrollIntoView({
                block: 'nearest', inline: 'nearest',
                behavior: still.matches ? 'auto' : 'smooth'});
        }
        board.say(board.word('over', {
            column: carry.lane.name,
            count: carry.lane.counter.textContent}));
    }

    function letGo(lane) {
        const {card} = carry;
        carry = null;
        put(card, lane);
        focus(card);
    }

    const SIDEWAYS = ['ArrowLeft', 'ArrowRight'];
    const STEPS = [...SIDEWAYS, 'ArrowUp', 'ArrowDown', 'Home', 'End'];
    const PICK = [' ', 'Enter'];

    box.addEventListener('keydown', event => {
        const card = board.cardOf(event.target);
        const {key} = event;
        if (!card || event.ctrlKey || event.altKey || event.metaKey || drag) {
            return;
        }
        if (carry) {
            if (key === 'Tab') {
                letGo(null);
                return;
            }
            event.preventDefault();
            if (SIDEWAYS.includes(key)) {
                choose(key);
            } else if (PICK.includes(key)) {
                letGo(carry.lane);
            } else if (key === 'Escape') {
                letGo(null);
            }
        } else if (STEPS.includes(key)) {
            event.preventDefault();
            focus(step(card, key));
        } else if (PICK.includes(key) && event.target === card.element) {
            event.preventDefault();
            if (!event.repeat && !board.isOver()) {
                pickUp(card);
            }
        }
    });
    // Who goes elsewhere leaves it where it was
    box.addEventListener('focusout', event => {
        if (carry && event.relatedTarget &&
                !carry.card.element.contains(event.relatedTarget)) {
            const {card} = carry;
            carry = null;
            put(card, null);
        }
    });

    // With the menu of a card

    let chosen = null;

    function openMenu(card) {
        chosen = card;
        board.hold(card);
        sheet.setAttribute('aria-label', card.button.ariaLabel);
        sheet.replaceChildren(...lanes().map(lane => {
            const item = document.createElement('button');
            item.type = 'button';
            item.className = 'item';
            item.setAttribute('role', 'menuitemradio');
            item.setAttribute('aria-checked', lane === card.lane);
            item.tabIndex = -1;
            item.dir = 'auto';
            item.textContent = lane.name;
            item.addEventListener('click', () => pick(card, lane));
            return item;
        }));
        card.button.setAttribute('aria-expanded', 'true');
        sheet.showPopover();
        const rect = card.button.getBoundingClientRect();
        const left = Math.min(
            rect.left, innerWidth - sheet.offsetWidth - 8);
        const below = rect.bottom + 4;
        const top = below + sheet.offsetHeight > innerHeight - 8
            ? Math.max(8, rect.top - 4 - sheet.offsetHeight) : below;
        Object.assign(sheet.style, {
            left: `${Math.max(8, left)}px`, top: `${top}px`});
        sheet.querySelector('[aria-checked=false]')?.focus();
    }

    function pick(card, lane) {
        sheet.hidePopover();
        card.element.focus({preventScroll: true});
        if (lane !== card.lane) {
            board.move(card, lane);
        }
    }

    sheet.addEventListener('toggle', event => {
        if (event.newState === 'closed' && chosen) {
            chosen.button.removeAttribute('aria-expanded');
            chosen = null;
            board.release();
        }
    });
    sheet.addEventListener('keydown', event => {
        const items = [...sheet.children];
        const at = items.indexOf(document.activeElement);
        const next = {
            ArrowDown: items[(at + 1) % items.length],
            ArrowUp: items.at(at - 1),
            Home: items[0],
            End: items.at(-1),
        }[event.key];
        if (next) {
            event.preventDefault();
            next.focus();
        } else if (event.key === 'Tab') {
            event.preventDefault();
            sheet.hidePopover();
        }
    });
    // It would stay where the card was
    box.addEventListener('scroll', () => sheet.hidePopover(), true);

    // A ticket opens in the tab in which the last one did

    box.addEventListener('click', event => {
        const card = board.cardOf(event.target);
        if (!card) {
            return;
        }
        if (event.target.closest('button')) {
            openMenu(card);
            return;
        }
        if (dragged) {
            event.preventDefault();
            return;
        }
        if (event.ctrlKey || event.metaKey || event.shiftKey) {
            return;
        }
        event.preventDefault();
        open(card.data.url, card.link.target)?.focus();
    });
})();
