# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
A chart of bars as SVG, which also tells its bars apart in black and white.

Decided here: where each bar stands and what is written beside it. Neither the
database nor Tryton is asked.
"""
import math
from xml.etree import ElementTree

WIDTH, HEIGHT = 680, 200
LEFT, RIGHT, TOP, BOTTOM = 36, 4, 10, 22
# More labels would run into each other
MAX_LABELS = 12
# Fill and outline of the bars of each series
STYLES = [('#3d4654', '#3d4654'), ('#ffffff', '#3d4654')]
GRID = '#d3d8df'
TEXT = '#3d4654'


def bar_chart(labels, series, title=''):
    """
    Return the chart as a text of SVG.

    labels is a list of str, one for each group of bars, series a list of at
    most two lists of numbers, as long as labels, with None for nothing known.
    title says what the picture shows to who can't see it.
    """
    svg = ElementTree.Element('svg', {
            'xmlns': 'http://www.w3.org/2000/svg',
            'viewBox': f'0 0 {WIDTH} {HEIGHT}',
            'role': 'img',
            })
    ElementTree.SubElement(svg, 'title').text = title
    highest = max((v or 0 for values in series for v in values), default=0)
    step = grid_step(highest)
    top = max(step, math.ceil(highest / step) * step)
    scale = (HEIGHT - TOP - BOTTOM) / top
    for value in range(0, top + 1, step):
        _grid(svg, value, HEIGHT - BOTTOM - value * scale)
    if labels:
        _groups(svg, labels, series, scale)
    return ElementTree.tostring(svg, encoding='unicode')


def grid_step(highest):
    "Return the distance of at most six lines up to a number: 1, 2, 5, 10, ..."
    step, factors = 1, [2, 2.5, 2]
    for turn in range(30):
        if highest <= 5 * step:
            break
        step = int(step * factors[turn % 3])
    return step


def _grid(svg, value, y):
    ElementTree.SubElement(svg, 'line', {
            'x1': str(LEFT), 'x2': str(WIDTH - RIGHT),
            'y1': _number(y), 'y2': _number(y),
            'stroke': GRID if value else TEXT, 'stroke-width': '.7',
            })
    _text(svg, LEFT - 6, y + 3, str(value), 'end')


def _groups(svg, labels, series, scale):
    base = HEIGHT - BOTTOM
    room = (WIDTH - LEFT - RIGHT) / len(labels)
    bar = min(room * .8 / max(len(series), 1), 26)
    every = math.ceil(len(labels) / MAX_LABELS)
    for index, label in enumerate(labels):
        middle = LEFT + room * (index + .5)
        x = middle - bar * len(series) / 2
        for values, (fill, line) in zip(series, STYLES):
            if values[index]:
                height = values[index] * scale
                ElementTree.SubElement(svg, 'rect', {
                        'x': _number(x), 'y': _number(base - height),
                        'width': _number(bar), 'height': _number(height),
                        'fill': fill, 'stroke': line, 'stroke-width': '.7',
                        })
            x += bar
        if not index % every:
            _text(svg, middle, HEIGHT - 7, label, 'middle')


def _text(svg, x, y, text, anchor):
    ElementTree.SubElement(svg, 'text', {
            'x': _number(x), 'y': _number(y), 'text-anchor': anchor,
            'font-size': '10', 'fill': TEXT,
            }).text = text


def _number(value):
    return f'{value:.2f}'
