# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import unittest
from xml.etree import ElementTree

from trytond.modules.helpdesk.bar_chart import (
    BOTTOM, HEIGHT, MAX_LABELS, TOP, WIDTH, bar_chart, grid_step)

SVG = '{http://www.w3.org/2000/svg}'


def parts(chart, name):
    return [
        {**e.attrib, 'content': e.text}
        for e in ElementTree.fromstring(chart).iter(SVG + name)]


class BarChartTestCase(unittest.TestCase):
    "The picture of the printed overview (X6)"

    def test_steps(self):
        "The lines of the grid are at round numbers, and few"
        for highest, step in [
                (0, 1), (5, 1), (6, 2), (10, 2), (11, 5), (26, 10), (51, 20),
                (101, 50), (1_000_000, 200_000)]:
            with self.subTest(highest=highest):
                self.assertEqual(grid_step(highest), step)

    def test_bars(self):
        "A bar is as high as its number, and none is drawn for nothing"
        chart = bar_chart(["May", "June"], [[10, 5], [0, None]], "Tickets")

        first, second = parts(chart, 'rect')
        room = HEIGHT - TOP - BOTTOM
        self.assertAlmostEqual(float(first['height']), room, 1)
        self.assertAlmostEqual(float(second['height']), room / 2, 1)
        self.assertLess(float(first['x']), WIDTH / 2)
        self.assertGreater(float(second['x']), WIDTH / 2)
        texts = [t['content'] for t in parts(chart, 'text')]
        self.assertEqual(
            texts, ['0', '2', '4', '6', '8', '10', "May", "June"])
        self.assertEqual(parts(chart, 'title')[0]['content'], "Tickets")

    def test_two_series(self):
        "The bars of two series can be told apart without colours"
        first, second = parts(bar_chart(["May"], [[1], [1]]), 'rect')

        self.assertNotEqual(first['fill'], second['fill'])
        self.assertAlmostEqual(
            float(first['x']) + float(first['width']), float(second['x']), 1)

    def test_many(self):
        "Labels that would run into each other are left out, no bar is"
        chart = bar_chart(list(map(str, range(62))), [[1] * 62, [2] * 62])

        self.assertEqual(len(parts(chart, 'rect')), 124)
        labels = [
            t for t in parts(chart, 'text') if t['text-anchor'] == 'middle']
        self.assertLessEqual(len(labels), MAX_LABELS)

    def test_nothing(self):
        "There is a picture also of nothing"
        for labels, series in [
                ([], []), ([], [[], []]), (["May"], [[0], [None]])]:
            with self.subTest(labels=labels, series=series):
                chart = bar_chart(labels, series)
                self.assertFalse(parts(chart, 'rect'))
                self.assertTrue(parts(chart, 'line'))

    def test_markup(self):
        "SE10: a label is text"
        chart = bar_chart(['<script>&'], [[1]])

        self.assertNotIn('<script>', chart)
        self.assertEqual(parts(chart, 'text')[-1]['content'], '<script>&')
