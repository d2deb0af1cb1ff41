# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The translations of the modules: what there is to translate, and what is.

    make translations

brings the .po files up to date: it keeps what is translated, adds what is
new and drops what is gone. What is new takes the translation that the same
words have elsewhere; that, and the translation of words that changed, is
marked fuzzy until somebody has read it.
"""
import sys
from pathlib import Path

import polib

from tests import environment

MODULES = environment.MODULES
LANGUAGES = ['es', 'ca']


def terms(module):
    "Return the entries to translate of a module, inside a transaction"
    from trytond.pool import Pool
    Translation = Pool().get('ir.translation')
    content = Translation.translation_export('en', module)
    if not content:
        return []
    entries = [e for e in polib.pofile(content.decode('utf-8')) if e.msgid]
    for entry in entries:
        # trytond gives records their own words as translation
        entry.msgstr = ''
        entry.msgstr_plural = dict.fromkeys(entry.msgstr_plural, '')
    return entries


def collect():
    "Collect what trytond finds only when asked: words in views and reports"
    from trytond.pool import Pool
    Set = Pool().get('ir.translation.set', type='wizard')
    session, _, _ = Set.create()
    Set(session).transition_set_()
    Set.delete(session)


def activate():
    "Activate the modules with all that they may extend"
    from trytond.tests.test_tryton import activate_module
    extras = {
        name for module in MODULES
        for name in environment.tryton_cfg(module, 'extras_depend')}
    activate_module([*MODULES, *sorted(extras)])


def path(module, language):
    return environment.ROOT / module / 'locale' / f'{language}.po'


def read(po_path):
    if not Path(po_path).exists():
        return []
    return [e for e in polib.pofile(str(po_path)) if not e.obsolete]


def problems(entries, translated):
    "Yield what is wrong with the translations, in plain words"
    by_key = {(e.msgctxt, e.msgid): e for e in translated}
    for entry in entries:
        key = (entry.msgctxt, entry.msgid)
        translation = by_key.pop(key, None)
        if translation is None:
            yield f'missing: {key}'
        elif 'fuzzy' in translation.flags:
            yield f'fuzzy: {key}'
        elif not _is_translated(translation):
            yield f'empty: {key}'
    for key in by_key:
        yield f'obsolete: {key}'


def _is_translated(entry):
    return entry.msgstr or all(entry.msgstr_plural.values() or [''])


def update(entries, translated, memory):
    "Return the entries with the translations that there are"
    exact = {(e.msgctxt, e.msgid): e for e in translated}
    # What a selection, view or report holds shares one context
    former = {
        e.msgctxt: e for e in translated
        if e.msgctxt.startswith(('field:', 'help:', 'model:'))}
    result = []
    for entry in entries:
        found = exact.get((entry.msgctxt, entry.msgid))
        fuzzy = bool(found and 'fuzzy' in found.flags)
        if not found or not _is_translated(found):
            found = former.get(entry.msgctxt) or memory.get(entry.msgid)
            fuzzy = bool(found)
        entry.flags = [f for f in entry.flags if f != 'fuzzy']
        if found:
            entry.msgstr = found.msgstr
            entry.msgstr_plural = found.msgstr_plural or entry.msgstr_plural
        if fuzzy and _is_translated(entry):
            entry.flags.append('fuzzy')
        result.append(entry)
    return result


def write(po_path, entries):
    from trytond.ir.translation import TrytonPOFile
    pofile = TrytonPOFile(wrapwidth=78)
    pofile.metadata = {'Content-Type': 'text/plain; charset=utf-8'}
    pofile.extend(entries)
    pofile.sort()
    po_path.parent.mkdir(exist_ok=True)
    po_path.write_text(str(pofile).rstrip('\n') + '\n', encoding='utf-8')


def rewrite(language):
    memory = {}
    for module in MODULES:
        for entry in read(path(module, language)):
            if _is_translated(entry) and 'fuzzy' not in entry.flags:
                memory.setdefault(entry.msgid, entry)
    for module in MODULES:
        po_path = path(module, language)
        entries = update(terms(module), read(po_path), memory)
        if entries or po_path.exists():
            write(po_path, entries)
        todo = [e for e in entries
            if 'fuzzy' in e.flags or not _is_translated(e)]
        print(f"{po_path.relative_to(environment.ROOT)}: "
            f"{len(entries)} terms, {len(todo)} to translate or to read")


def main(languages):
    from tests import database
    database.install()
    from trytond.tests.test_tryton import with_transaction
    activate()

    @with_transaction()
    def work():
        collect()
        for language in languages:
            rewrite(language)
    work()


if __name__ == '__main__':
    main(sys.argv[1:] or LANGUAGES)
