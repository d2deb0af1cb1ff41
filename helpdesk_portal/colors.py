# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The accent colour of a company, made fit to be read.

Decided here: which shades of a colour stand on our pages, in light and in
dark, so that text keeps the contrast that WCAG 2.2 asks for (1.4.3, AA).
Not decided here: where they stand, which is in static/style.css.
"""
import re
from dataclasses import dataclass

CONTRAST = 4.5
BLACK, WHITE = (0, 0, 0), (255, 255, 255)
_COLOR = re.compile('#[0-9a-f]{6}', re.I)
# How much nearer to black or white each try is
_STEP = .02


@dataclass(frozen=True)
class Scheme:
    """
    The colours of style.css that an accent has to go with.

    The accent becomes like toward until it can be read; tint is how much of
    it is in the ground of highlighted text.
    """
    ground: str
    card: str
    on_accent: str
    toward: tuple
    tint: float


LIGHT = Scheme('#f3f5f8', '#ffffff', '#ffffff', BLACK, .09)
DARK = Scheme('#11161d', '#1a212b', '#0c1826', WHITE, .14)


def is_color(value):
    "Tell whether the str is a colour such as #1d5fb4"
    return bool(_COLOR.fullmatch(value or ''))


def contrast(one, other):
    "Return the contrast of two colours as WCAG defines it, from 1 to 21"
    dark, light = sorted(map(_luminance, map(_parse, [one, other])))
    return (light + .05) / (dark + .05)


def shades(color, scheme):
    """
    Return the variables of style.css for an accent: names and colours.

    color is as is_color wants it; scheme LIGHT or DARK. A colour that can be
    read stays as it is.
    """
    color = color.lower()
    tint = _format(_mix(
            _parse(scheme.card), _parse(color), scheme.tint))
    grounds = [scheme.ground, scheme.card, tint, scheme.on_accent]
    share = 0
    accent = color
    while any(contrast(accent, g) < CONTRAST for g in grounds):
        share += _STEP
        accent = _format(_mix(_parse(color), scheme.toward, share))
    return {
        'accent': accent,
        'accent-strong': _format(_mix(
                _parse(accent), scheme.toward, .25)),
        'on-accent': scheme.on_accent,
        'tint': tint,
        }


def style_sheet(color):
    "Return the style sheet that puts the colour in the place of our accent"
    light, dark = (
        ' '.join(f'--{n}: {v};' for n, v in shades(color, s).items())
        for s in [LIGHT, DARK])
    return (
        f':root {{ {light} }}\n'
        '@media screen and (prefers-color-scheme: dark) {\n'
        f'    :root {{ {dark} }}\n'
        '}\n')


def _parse(color):
    return tuple(int(color[i:i + 2], 16) for i in (1, 3, 5))


def _format(rgb):
    return '#{:02x}{:02x}{:02x}'.format(*rgb)


def _mix(rgb, other, share):
    "Return rgb with a share, from 0 to 1, of the other"
    share = min(share, 1)
    return tuple(
        round(a + (b - a) * share) for a, b in zip(rgb, other))


def _luminance(rgb):
    linear = [
        c / 12.92 if c <= .04045 else ((c + .055) / 1.055) ** 2.4
        for c in (v / 255 for v in rgb)]
    return sum(w * c for w, c in zip([.2126, .7152, .0722], linear))
