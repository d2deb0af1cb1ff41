# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What must be true of every page of the portal, in a browser.

Each function takes playwright's page and fails with what is wrong.
"""
import fcntl
import functools
import tarfile

from demo import place
from demo.progress import run
from tests.client.office import CACHE
from tests.services import command

PHONE = {'width': 360, 'height': 740}
DESKTOP = {'width': 1366, 'height': 768}
AXE = 'axe-core@4.10'
RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',
    'best-practice']
# The smallest thing a finger hits, but for links in a text
TARGET = 44
MAX_STOPS = 200
PATIENCE = 20

RUN_AXE = """async tags => {
    const {violations} = await axe.run(document, {
        runOnly: tags, preload: false, resultTypes: ['violations']});
    return violations.flatMap(v => v.nodes.map(
        n => `${v.id}: ${v.help}: ${n.html.slice(0, 120)}`));
}"""
TOO_WIDE = """() => {
    const width = document.documentElement.clientWidth;
    const found = [...document.body.querySelectorAll('*')].filter(e => {
        const box = e.getBoundingClientRect();
        return box.width > 1 && (box.right > width + 1 || box.left < -1);
    }).map(e => `${e.tagName}.${e.className} ${e.textContent.slice(0, 40)}`);
    if (document.documentElement.scrollWidth > width) {
        found.push('the page scrolls');
    }
    return found;
}"""
TOO_SMALL = """target => {
    const things = 'button, .button, nav a, footer li a, summary, select, ' +
        '.files a, input:not([type=hidden], [type=checkbox], [type=radio])';
    return [...document.querySelectorAll(things)].filter(e => {
        const box = e.getBoundingClientRect();
        return box.width && box.height && box.height < target - .5;
    }).map(e => `${e.outerHTML.slice(0, 80)} ` +
        e.getBoundingClientRect().height);
}"""
FOCUSED = """() => {
    const e = document.activeElement;
    if (!e || e === document.body || e === document.documentElement) {
        return null;
    }
    const box = e.getBoundingClientRect();
    const style = getComputedStyle(e);
    const all = [...document.querySelectorAll('*')];
    return {
        name: e.outerHTML.slice(0, 100),
        place: all.indexOf(e),
        seen: box.width > 0 && box.bottom > 0 && box.right > 0 &&
            box.top < innerHeight && box.left < innerWidth,
        marked: style.outlineStyle !== 'none' &&
            parseFloat(style.outlineWidth) >= 2,
    };
}"""
TO_THE_TOP = """() => {
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute('tabindex');
    document.body.blur();
}"""
STOPS = """() => {
    const things = 'a[href], button, textarea, select, summary, ' +
        'input:not([type=hidden])';
    const all = [...document.querySelectorAll('*')];
    const radios = new Set();
    return [...document.querySelectorAll(things)].filter(e => {
        if (e.disabled || e.tabIndex < 0 || !e.checkVisibility()) {
            return false;
        }
        if (e.type === 'radio') {
            // The one that is chosen, or else the first
            const chosen = document.querySelector(
                `input[type=radio][name=${e.name}]:checked`);
            const first = chosen ? chosen === e : !radios.has(e.name);
            radios.add(e.name);
            return first;
        }
        return true;
    }).map(e => [all.indexOf(e), e.outerHTML.slice(0, 100)]);
}"""


@functools.cache
def axe():
    "Return the source of axe-core, which npm fetches once"
    home = CACHE / 'axe'
    CACHE.mkdir(exist_ok=True)
    with (CACHE / 'axe.lock').open('w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = place.digest(AXE)
        if not place.is_current(home, stamp):
            place.make_empty(home)
            logs = CACHE / 'log'
            logs.mkdir(exist_ok=True)
            run([command('npm'), 'pack', '--silent', AXE],
                logs / 'npm-axe.log', "npm could not fetch axe-core.",
                cwd=home)
            archive, = home.glob('*.tgz')
            with tarfile.open(archive) as files:
                source = files.extractfile('package/axe.min.js').read()
            (home / 'axe.js').write_bytes(source)
            place.set_current(home, stamp)
    return (home / 'axe.js').read_text()


# What goes on for ever is not waited for
SETTLED = """async () => {
    await new Promise(requestAnimationFrame);
    await Promise.all(document.getAnimations()
        .filter(a => a.effect.getComputedTiming().endTime < Infinity)
        .map(a => a.finished.catch(() => null)));
}"""


def accessible(page):
    "axe-core finds nothing (WCAG 2.2 AA and best practice)"
    # What fades has less contrast meanwhile
    page.evaluate(SETTLED)
    # Not as a script of the page: its policy would refuse it
    page.evaluate(axe())
    found = page.evaluate(RUN_AXE, RULES)
    assert not found, '\n'.join(found)


def fits(page):
    "Nothing is wider than a phone, and fingers hit what can be pressed"
    size = page.viewport_size
    page.set_viewport_size(PHONE)
    try:
        found = page.evaluate(TOO_WIDE) + page.evaluate(TOO_SMALL, TARGET)
    finally:
        page.set_viewport_size(size)
    assert not found, '\n'.join(found)


def keyboard(page):
    """
    The Tab key reaches all that can be used, in order, and one sees where.

    Return the beginnings of the HTML of where it stopped.
    """
    # From the top, also where the page has put the cursor into a field
    page.evaluate(TO_THE_TOP)
    expected = page.evaluate(STOPS)
    stops = []
    for _ in range(MAX_STOPS):
        page.keyboard.press('Tab')
        stop = page.evaluate(FOCUSED)
        for _ in range(PATIENCE):
            # The page may still be scrolling there
            if not stop or stop['seen']:
                break
            page.wait_for_timeout(100)
            stop = page.evaluate(FOCUSED)
        if not stop or stops and stop['place'] == stops[0]['place']:
            break
        assert stop['seen'], f"out of sight: {stop['name']}"
        assert stop['marked'], f"focus cannot be seen: {stop['name']}"
        stops.append(stop)
    places = [s['place'] for s in stops]
    assert places == sorted(places), [s['name'] for s in stops]
    missed = [name for place, name in expected if place not in places]
    assert not missed, missed
    return [s['name'] for s in stops]
