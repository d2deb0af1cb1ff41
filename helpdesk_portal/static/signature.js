// This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
// of this repository contains the full copyright notices and license terms.
'use strict';

// Lets the customer draw a signature. Who can't, or has no JavaScript, signs
// with the name and the checkbox.
(function() {
    const field = document.getElementById('drawing');
    const canvas = field && field.querySelector('canvas');
    const context = canvas && canvas.getContext && canvas.getContext('2d');
    if (!context || !window.PointerEvent) {
        return;
    }
    const agreement = document.getElementById('agreement');
    const agree = document.getElementById('agree');
    const value = field.querySelector('input[name=drawing]');
    const undo = field.querySelector('button[name=undo]');
    const clear = field.querySelector('button[name=clear]');
    // Each is a list of points in pixels of the canvas, which is scaled to
    // the width of the page
    let strokes = [];
    let pointer = null;

    function point(event) {
        const box = canvas.getBoundingClientRect();
        return [
            (event.clientX - box.left) * canvas.width / box.width,
            (event.clientY - box.top) * canvas.height / box.height];
    }

    function draw() {
        context.clearRect(0, 0, canvas.width, canvas.height);
        context.lineWidth = 5;
        context.lineCap = context.lineJoin = 'round';
        context.strokeStyle = '#10243f';
        for (const stroke of strokes) {
            context.beginPath();
            context.moveTo(...stroke[0]);
            // Of a single point comes a dot
            for (const next of stroke.length > 1 ? stroke : [stroke[0]]) {
                context.lineTo(...next);
            }
            context.stroke();
        }
    }

    function changed() {
        draw();
        const drawn = strokes.length > 0;
        value.value = drawn ? canvas.toDataURL('image/png') : '';
        undo.disabled = clear.disabled = !drawn;
        agreement.hidden = drawn;
        agree.required = !drawn;
    }

    canvas.addEventListener('pointerdown', function(event) {
        if (pointer !== null || event.button) {
            return;
        }
        pointer = event.pointerId;
        canvas.setPointerCapture(pointer);
        strokes.push([point(event)]);
        draw();
        event.preventDefault();
    });
    canvas.addEventListener('pointermove', function(event) {
        if (event.pointerId === pointer) {
            strokes[strokes.length - 1].push(point(event));
            draw();
        }
    });
    for (const name of ['pointerup', 'pointercancel']) {
        canvas.addEventListener(name, function(event) {
            if (event.pointerId === pointer) {
                pointer = null;
                changed();
            }
        });
    }
    undo.addEventListener('click', function() {
        strokes.pop();
        changed();
    });
    clear.addEventListener('click', function() {
        strokes = [];
        changed();
    });
    field.hidden = false;
    changed();
})();
