# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import unittest

from trytond.modules.helpdesk_mail.intake.file import file_names, fold_letter
from trytond.modules.helpdesk_mail.intake.filter import Policy, judge
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.helpdesk_mail.corpus import EXPECTED, FOLDER, letter, raw_letter
from tests.records import Helpdesk

ENCRYPTED = "(encrypted)"

# The beginnings of the names of letters that other tests expect something of
ELSEWHERE = ('agent_', 'forward_')


def setup_module():
    activate_module('helpdesk_mail')


class CorpusTestCase(unittest.TestCase):
    "What the pure steps make of the letters"
    maxDiff = None

    def test_complete(self):
        "Of each letter it is written down what is expected"
        self.assertEqual(
            {path.stem for path in FOLDER.glob('*.eml')
                if not path.stem.startswith(ELSEWHERE)},
            {name for name in EXPECTED if not name.startswith(ELSEWHERE)})

    def test_read(self):
        "ML15 ML19 ML20 ML25 TR2: who, what about, text, quote and files"
        for name, expected in EXPECTED.items():
            with self.subTest(letter=name):
                found = letter(name)
                folded = fold_letter(found, encrypted=ENCRYPTED)
                verdict = judge(found, Policy())
                result = {
                    'sender': list(found.sender or ()),
                    'subject': found.subject,
                    'text': folded.text,
                    'quoted': folded.quoted,
                    'signature': folded.signature,
                    'files': [
                        [file_name, part.type, len(part.data)]
                        for file_name, part in zip(
                            file_names(found.parts), found.parts)],
                    'protection': found.protection,
                    'invitation': found.invitation,
                    'defects': list(found.defects),
                    'verdict': verdict.action,
                    }
                for key, value in result.items():
                    if expected.get(key, '') is not None:
                        self.assertEqual(
                            value, expected.get(key, type(value)()), key)


def file_all(**values):
    "Let all letters in, in one batch, and return the helpdesk.mail by name"
    pool = Pool()
    Inbox = pool.get('inbound.email.inbox')
    Mail = pool.get('helpdesk.mail')
    Helpdesk(mail_address='support@helpdesk.example', **values)
    inbox = Inbox(name="Support")
    inbox.save()
    # A letter without a byte can't even come
    names = list(EXPECTED)
    mails = inbox.deliver([raw_letter(n) for n in names])
    Mail.judge(mails)
    return dict(zip(names, Mail.browse(mails)))


@with_transaction()
def test_ends():
    "TR2, ML9: each letter ends where it shall"
    mails = file_all()
    opened = {
        mail.ticket: name for name, mail in mails.items()
        if EXPECTED[name].get('thread') == 'new'}
    found, wanted = {}, {}
    for name, mail in mails.items():
        expected = EXPECTED[name]
        thread = expected.get('thread')
        wanted[name] = (
            expected['end'], expected.get('reason', ''),
            name if thread == 'new' else thread)
        found[name] = (
            mail.state, mail.reason_key or '', opened.get(mail.ticket))

    assert found == wanted
    assert len(opened) == sum(
        e.get('thread') == 'new' for e in EXPECTED.values())


@with_transaction()
def test_conversations():
    "ML15, ML25: each letter is shown as expected, and downloaded as it came"
    for name, mail in file_all().items():
        expected, conversation = EXPECTED[name], mail.conversation
        if not conversation:
            continue
        text = expected.get('text', '')
        if text == ENCRYPTED:
            text = conversation.body
            assert "is encrypted" in text, name
        assert (conversation.body or '').strip() == text.strip(), name
        if expected['thread'] == 'new':
            assert conversation.ticket.description == conversation.body, name
        for part in ['quoted', 'signature']:
            assert expected.get(part, '') in conversation.quoted, name
        assert conversation.protection == expected.get('protection', '')
        assert {a.name for a in conversation.attachments} == {
            file_name for file_name, _, _ in expected.get('files', [])}, name
        assert conversation.content is not None, name
        assert bool(conversation.formatted) == bool(conversation.html), name
        assert bytes(conversation.raw) == raw_letter(name), name
