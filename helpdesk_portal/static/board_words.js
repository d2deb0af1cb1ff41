/* This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
   of this repository contains the full copyright notices and license terms. */
'use strict';

// What the page of the board says: the words are the server's.
window.helpdeskBoard = (() => {
    const [trouble, said] = ['trouble', 'said'].map(
        id => document.getElementById(id));
    const words = JSON.parse(
        document.getElementById('board-words').textContent);
    let over = false;

    function word(name, values = {}) {
        return words[name].replace(
            /\{(\w+)\}/g, (whole, key) => values[key] ?? '');
    }

    function say(text) {
        // The same words again would not be read
        said.textContent = '';
        setTimeout(() => { said.textContent = text; }, 30);
    }

    // The last one stays
    function complain(text, isLast = false) {
        const parts = document.getElementById('trouble-parts')
            .content.cloneNode(true);
        parts.querySelector('p').textContent = text;
        const button = parts.querySelector('button');
        button.addEventListener('click', calm);
        button.hidden = over = isLast;
        trouble.replaceChildren(parts);
    }

    function calm() {
        if (!over) {
            trouble.replaceChildren();
        }
    }

    return {word, say, complain, calm};
})();
