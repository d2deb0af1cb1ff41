/* This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
   of this repository contains the full copyright notices and license terms. */
'use strict';

// The board: its columns, how their cards are fetched, kept up to date and
// moved. What it says is in board_words.js, what a card is in board_card.js,
// and how people take cards in hand in board_hand.js.
(() => {
    const root = document.getElementById('board');
    const form = document.getElementById('filters');
    if (!root || !form) {
        return;
    }
    const find = id => document.getElementById(id);
    const [box, hint, total, stale] = [
        'lanes', 'hint', 'total', 'stale'].map(find);
    const {word, say, complain, calm} = window.helpdeskBoard;
    const {make, fill, flash, glide, still} = window.helpdeskBoard.card;

    // Milliseconds: after the last key before it is searched, between two
    // questions for news, for the server to answer, and to try again
    const TYPING = 250;
    const GAP = 250;
    const PATIENCE = 45000;
    const FIRST_PAUSE = 1000;
    const LAST_PAUSE = 30000;
    // How far below what is seen cards are fetched already
    const AHEAD = '800px';

    // By key and by id of the ticket
    const lanes = new Map();
    const cards = new Map();
    // The moves that the server has not answered, by id of the ticket
    const moves = new Map();
    // What came of cards that somebody has in hand or that are on their way
    const later = new Map();
    let held = null;
    let freed = () => {};
    let mark = null;
    let over = false;
    // Goes up with the filters; what was asked for before is of no use
    let round = 0;
    let asking = new AbortController();
    let wake = () => {};
    let active = null;

    // The server

    class Trouble extends Error {
        constructor(status, answer) {
            super(answer.error || word('failed'));
            this.status = status;
            this.answer = answer;
        }
    }

    async function ask(address, options = {}) {
        let response;
        let answer = {};
        try {
            response = await fetch(address, {
                credentials: 'same-origin',
                signal: AbortSignal.timeout(PATIENCE),
                ...options,
            });
            answer = await response.json();
        } catch (error) {
            if (!response || response.ok) {
                throw new Trouble(0, {});
            }
        }
        if (response.status === 401) {
            signOut();
        }
        if (!response.ok) {
            throw new Trouble(response.status, answer);
        }
        return answer;
    }

    function signOut() {
        over = true;
        stale.hidden = true;
        box.inert = true;
        complain(word('signed_out'), true);
    }

    function query(more = {}) {
        const wanted = new URLSearchParams();
        for (const [name, value] of new FormData(form)) {
            if (value.trim()) {
                wanted.set(name, value.trim());
            }
        }
        for (const [name, value] of Object.entries(more)) {
            wanted.set(name, value);
        }
        return `?${wanted}`;
    }

    // Columns

    function makeLane(column) {
        const element = find('lane').content.cloneNode(true).firstElementChild;
        const part = name => element.querySelector(name);
        const lane = {
            key: column.key, name: column.name, element,
            list: part('.slips'), counter: part('.lane-count'),
            cards: [], current: null, fetching: false,
        };
        const head = part('.lane-head');
        head.id = `head-${column.key}`;
        element.setAttribute('aria-labelledby', head.id);
        element.dataset.key = column.key;
        const name = part('.lane-name');
        name.textContent = name.title = column.name;
        const state = part('.lane-state');
        state.textContent = column.state_name;
        state.hidden = column.state_name === column.name;
        lane.more = document.createElement('li');
        lane.more.className = 'more';
        lane.list.append(lane.more);
        lane.watch = new IntersectionObserver(
            seen => seen.at(-1).isIntersecting && fetchMore(lane),
            {root: lane.list, rootMargin: `0px 0px ${AHEAD} 0px`});
        box.append(element);
        return lane;
    }

    function setEdge(lane, after, fetched) {
        lane.after = after;
        // What comes after the last that was fetched is fetched with the rest
        lane.edge = after === null ? null : fetched.at(-1) ?? lane.edge;
        lane.watch.disconnect();
        lane.more.textContent = after === null ? '' : word('loading');
        lane.more.hidden = after === null;
        if (after !== null) {
            // It looks at once if more is wanted already
            lane.watch.observe(lane.more);
        }
    }

    async function fetchMore(lane) {
        if (lane.fetching || lane.after === null || over) {
            return;
        }
        lane.fetching = true;
        const begun = round;
        try {
            const answer = await ask(root.dataset.cards + query({
                column: lane.key, after: lane.after}));
            if (begun === round) {
                for (const data of answer.cards) {
                    if (!moves.has(data.id)) {
                        accept({...data, column: lane.key}, true);
                    }
                }
                setEdge(lane, answer.after, answer.cards);
            }
        } catch (error) {
            if (begun === round) {
                offerMore(lane);
            }
        } finally {
            lane.fetching = false;
        }
    }

    function offerMore(lane) {
        const button = document.createElement('button');
        button.type = 'button';
        button.className = 'secondary';
        button.textContent = word('again');
        button.addEventListener('click', () => fetchMore(lane));
        lane.watch.disconnect();
        lane.more.replaceChildren(button);
    }

    function setCounts(counts) {
        let sum = 0;
        for (const lane of lanes.values()) {
            if (counts) {
                // Those without tickets are left out
                lane.count = counts[lane.key] ?? 0;
            }
            let shown = lane.count;
            for (const {from, to} of moves.values()) {
                shown += (to === lane.key) - (from === lane.key);
            }
            sum += shown;
            const text = String(shown);
            if (lane.counter.textContent !== text) {
                lane.counter.textContent = text;
            }
            lane.element.classList.toggle('empty', !shown);
        }
        total.textContent = word('total', {number: sum});
    }

    // Cards

    // As the server does: earliest due first, those without at the end, then
    // the oldest first
    function compare(one, other) {
        if (one.due !== other.due) {
            return (one.due ?? '~') < (other.due ?? '~') ? -1 : 1;
        }
        return one.id - other.id;
    }

    // Where the card stands, or would stand, in a column
    function placeIn(lane, data) {
        let [low, high] = [0, lane.cards.length];
        while (low < high) {
            const middle = (low + high) >> 1;
            if (compare(lane.cards[middle].data, data) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    function detach(card) {
        const {lane} = card;
        if (!lane) {
            return;
        }
        const index = lane.cards.indexOf(card);
        lane.cards.splice(index, 1);
        card.lane = null;
        if (lane.current === card) {
            setCurrent(lane, lane.cards[index] ?? lane.cards[index - 1]);
        }
    }

    function put(card, lane) {
        const focused = card.element.contains(document.activeElement)
            ? document.activeElement : null;
        detach(card);
        const index = placeIn(lane, card.data);
        const next = lane.cards[index]?.element ?? lane.more;
        if (card.element.nextElementSibling !== next) {
            if (card.element.isConnected && lane.list.moveBefore) {
                lane.list.moveBefore(card.element, next);
            } else {
                lane.list.insertBefore(card.element, next);
            }
        }
        lane.cards.splice(index, 0, card);
        card.lane = lane;
        if (focused) {
            if (document.activeElement !== focused) {
                focused.focus({preventScroll: true});
            }
            setCurrent(lane, card);
        } else if (!lane.current) {
            setCurrent(lane, card);
        } else if (lane.current !== card) {
            card.element.tabIndex = -1;
        }
    }

    function forget(card) {
        const {lane, element} = card;
        const focused = element.contains(document.activeElement);
        detach(card);
        element.remove();
        cards.delete(card.data.id);
        later.delete(card.data.id);
        if (focused) {
            (lane.current?.element ?? lane.element.querySelector('h2'))
                .focus({preventScroll: true});
        }
    }

    // The Tab key stops once in each column, and in the card it is on
    function setCurrent(lane, card = null) {
        if (lane.current) {
            lane.current.element.tabIndex = -1;
        }
        lane.current = card;
        if (card) {
            card.element.tabIndex = 0;
        }
    }

    function setActive(card) {
        for (const [each, stop] of [[active, -1], [card, 0]]) {
            if (each) {
                each.link.tabIndex = each.button.tabIndex = stop;
            }
        }
        active = card;
        setCurrent(card.lane, card);
    }

    function cardOf(element) {
        const slip = element?.closest?.('.slip');
        return slip && cards.get(Number(slip.id.slice('slip-'.length)));
    }

    box.addEventListener('focusin', event => {
        const card = cardOf(event.target);
        if (card?.lane) {
            setActive(card);
        }
    });

    // News

    // Unless it was asked for, a card waits with those that are not fetched
    function accept(data, asked = false) {
        const lane = lanes.get(data.column);
        let card = cards.get(data.id);
        const from = card?.lane;
        if (!lane || lane.edge && !asked && from !== lane &&
                compare(data, lane.edge) > 0) {
            if (card) {
                leave(card, lane);
            }
            return;
        }
        const before = card?.element.getBoundingClientRect();
        if (card) {
            card.data = data;
            fill(card);
        } else {
            card = make(data);
            cards.set(data.id, card);
        }
        put(card, lane);
        if (from && from !== lane) {
            glide(card, before);
            if (!asked && card.element.contains(document.activeElement)) {
                say(word('elsewhere', {
                    number: data.number, column: lane.name}));
            }
        }
        return card;
    }

    function leave(card, lane) {
        if (card.element.contains(document.activeElement)) {
            say(lane
                ? word('elsewhere', {
                    number: card.data.number, column: lane.name})
                : word('gone', {number: card.data.number}));
        }
        forget(card);
    }

    // Of a card in somebody's hand nothing changes until it is put down
    function receive(id, data) {
        if (held?.data.id === id || moves.has(id)) {
            later.set(id, data);
            return;
        }
        const known = cards.has(id);
        if (data) {
            const card = accept(data);
            if (card && !known) {
                flash(card);
            }
        } else if (known) {
            leave(cards.get(id));
        }
    }

    function catchUp(id) {
        if (later.has(id)) {
            const data = later.get(id);
            later.delete(id);
            receive(id, data);
        }
    }

    function hold(card) {
        held = card;
    }

    function release() {
        const card = held;
        held = null;
        if (card) {
            catchUp(card.data.id);
        }
        freed();
        if (mark === null) {
            wake();
        }
    }

    // Wait until nobody has a card in hand, which nothing takes away
    async function allPutDown() {
        while (held) {
            await new Promise(done => { freed = done; });
        }
    }

    function show(board) {
        const focused = cardOf(document.activeElement)?.data.id;
        const same = board.columns.length === lanes.size &&
            board.columns.every(c => lanes.get(c.key)?.name === c.name);
        if (!same) {
            for (const lane of lanes.values()) {
                lane.watch.disconnect();
                lane.element.remove();
            }
            lanes.clear();
            cards.clear();
            active = null;
            for (const column of board.columns) {
                lanes.set(column.key, makeLane(column));
            }
        }
        later.clear();
        const fresh = new Set(
            board.columns.flatMap(c => c.cards.map(d => d.id)));
        for (const card of [...cards.values()]) {
            if (!fresh.has(card.data.id) && !moves.has(card.data.id)) {
                forget(card);
            }
        }
        for (const column of board.columns) {
            const lane = lanes.get(column.key);
            lane.count = column.count;
            lane.edge = null;
            for (const data of column.cards) {
                if (!moves.has(data.id) || !cards.has(data.id)) {
                    accept({...data, column: column.key}, true);
                }
            }
            setEdge(lane, column.after, column.cards);
            lane.element.hidden = false;
        }
        setCounts();
        const empty = board.columns.every(c => !c.count);
        hint.textContent = empty ? word(
            narrowed() ? 'nothing' : 'empty') : '';
        hint.hidden = !empty;
        box.removeAttribute('aria-busy');
        if (focused && cards.has(focused)) {
            cards.get(focused).element.focus({preventScroll: true});
        }
    }

    function narrowed() {
        return ['mine', 'tag', 'text'].some(
            name => new FormData(form).get(name)?.trim());
    }

    function update(news) {
        for (const data of news.cards || []) {
            receive(data.id, data);
        }
        for (const id of news.gone || []) {
            receive(id, null);
        }
        setCounts(news.counts);
    }

    function pause(milliseconds) {
        return new Promise(done => {
            const timer = setTimeout(done, milliseconds);
            wake = () => {
                clearTimeout(timer);
                done();
            };
        });
    }

    function setStale(since) {
        if (!stale.hidden === Boolean(since)) {
            return;
        }
        if (since) {
            const time = new Intl.DateTimeFormat(
                document.documentElement.lang,
                {hour: 'numeric', minute: '2-digit'}).format(since);
            stale.textContent = word('stale', {time});
        } else if (!stale.hidden) {
            say(word('fresh'));
        }
        stale.hidden = !since;
    }

    async function next(signal, late) {
        if (late) {
            // It answers at once, and waits for no change
            await ask(root.dataset.changes + query({mark: ''}), {signal});
            setStale(null);
        }
        if (mark === null) {
            const board = await ask(root.dataset.data + query(), {signal});
            await allPutDown();
            return () => {
                show(board);
                mark = board.mark;
            };
        }
        const news = await ask(
            root.dataset.changes + query({mark}), {signal});
        return () => {
            mark = news.reload ? null : news.mark;
            update(news);
            // So many look at their boards that the server asks for patience
            return news.pause;
        };
    }

    async function follow() {
        const begun = ++round;
        asking.abort();
        let last = new Date();
        let wait = 0;
        while (begun === round && !over) {
            try {
                asking = new AbortController();
                const take = await next(AbortSignal.any([
                    asking.signal, AbortSignal.timeout(PATIENCE)]), wait);
                if (begun !== round) {
                    return;
                }
                const patience = take() ?? 0;
                setStale(null);
                last = new Date();
                wait = 0;
                await pause(GAP + 1000 * patience);
            } catch (error) {
                if (!(error instanceof Trouble)) {
                    throw error;
                }
                if (begun !== round || over) {
                    return;
                }
                // The server no longer knows where we were
                if (error.status >= 400 && error.status < 500) {
                    mark = null;
                }
                setStale(last);
                wait = Math.min(wait * 2 || FIRST_PAUSE, LAST_PAUSE);
                await pause(wait * (.8 + .4 * Math.random()));
            }
            while (document.hidden || held && mark === null) {
                await pause(LAST_PAUSE);
            }
        }
    }

    addEventListener('online', () => wake());
    document.addEventListener('visibilitychange', () => wake());

    // Moves

    async function move(card, to) {
        const from = card.lane;
        const {id, number} = card.data;
        if (over || from === to || moves.has(id)) {
            return;
        }
        calm();
        moves.set(id, {from: from.key, to: to.key});
        card.element.setAttribute('aria-busy', 'true');
        put(card, to);
        setCounts();
        bring(card);
        let answer;
        try {
            answer = await ask(root.dataset.move + query(), {
                method: 'POST',
                headers: {
                    'Content-Type': 'application/json',
                    'X-CSRF-Token': root.dataset.csrf,
                },
                body: JSON.stringify({
                    ticket: id, from: from.key, to: to.key}),
            });
            say(word('moved', {number, column: to.name}));
        } catch (error) {
            if (!(error instanceof Trouble)) {
                throw error;
            }
            answer = error.answer;
            undo(card, from, error);
        } finally {
            moves.delete(id);
            card.element.removeAttribute('aria-busy');
        }
        if (answer.card) {
            // It is of no use what was said before
            later.delete(id);
            accept(answer.card, true);
        }
        setCounts(answer.counts);
        catchUp(id);
    }

    function undo(card, from, error) {
        const {number} = card.data;
        if (!error.answer.card && from.element.isConnected) {
            const before = card.element.getBoundingClientRect();
            put(card, from);
            glide(card, before);
        }
        if (!over) {
            const column = (
                lanes.get(error.answer.card?.column) ?? from).name;
            complain(word('refused', {
                number, column, reason: error.message}));
        }
    }

    // Into sight, with its column
    function bring(card) {
        card.element.scrollIntoView({
            block: 'nearest', inline: 'nearest',
            behavior: still.matches ? 'auto' : 'smooth'});
    }

    // Filters, which stand in the address

    let typing;

    function filter() {
        history.replaceState(null, '', location.pathname + query());
        mark = null;
        box.setAttribute('aria-busy', 'true');
        follow();
    }

    form.addEventListener('input', event => {
        clearTimeout(typing);
        if (event.target.name === 'section') {
            // Another page, to which one can go back
            location.assign(location.pathname + query());
        } else {
            typing = setTimeout(
                filter, event.target.name === 'text' ? TYPING : 0);
        }
    });
    form.addEventListener('submit', event => {
        event.preventDefault();
        clearTimeout(typing);
        filter();
    });

    Object.assign(window.helpdeskBoard, {
        box, root, lanes, cardOf, hold, release, move, placeIn, bring,
        isOver: () => over,
    });
    follow();
})();
