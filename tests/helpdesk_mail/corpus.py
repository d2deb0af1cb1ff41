# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

"""
The letters in the folder letters, and what is expected of each.

letters/expected.json says for each letter who sent it and what about, the
text the person wrote now, what is quoted below it and the signature, the
files, what the filters say of it (verdict), and where it ends: its end, the
reason, and the letter whose ticket it joins (thread; "new" for a ticket of
its own). What is empty is left out;
null is whatever it may be.
"""
import json
from pathlib import Path

from trytond.modules.helpdesk_mail.intake.parse import parse

FOLDER = Path(__file__).parent / 'letters'
EXPECTED = json.loads(
    (FOLDER / 'expected.json').read_text(encoding='utf-8'))


def raw_letter(name):
    "Return the bytes of the letter of that name"
    return (FOLDER / f'{name}.eml').read_bytes()


def letter(name):
    "Return the Letter of that name"
    return parse(raw_letter(name))
