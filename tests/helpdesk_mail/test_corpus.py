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


def setup_module():
    activate_module('helpdesk_mail')


class CorpusTestCase(unittest.TestCase):
    "What the pure steps make of the letters"
    maxDiff = None

    def test_complete(self):
        "Of each letter it is written down what is expected"
        self.assertEqual(
            {path.stem for path in FOLDER.glob('*.eml')}, set(EXPECTED))

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


@with_transaction()
def test_intake():
    "TR2, ML9, ML15: each letter ends where it shall, in one batch"
    pool = Pool()
    Inbox = pool.get('inbound.email.inbox')
    Mail = pool.get('helpdesk.mail')
    Helpdesk(mail_address='support@helpdesk.example')
    inbox = Inbox(name="Support")
    inbox.save()
    # A letter without a byte can't even come
    expectations = {n: e for n, e in EXPECTED.items() if raw_letter(n)}
    names = list(expectations)
    mails = inbox.deliver([raw_letter(name) for name in names])
    Mail.judge(mails)
    mails = dict(zip(names, Mail.browse(mails)))

    opened = {
        mails[n].ticket: n for n, e in expectations.items()
        if e.get('thread') == 'new'}
    found, wanted = {}, {}
    for name, expected in expectations.items():
        mail = mails[name]
        reason = mail.reason_key or ''
        wanted[name] = (
            expected['end'], expected.get('reason', ''),
            name if expected.get('thread') == 'new'
            else expected.get('thread'))
        found[name] = (mail.state, reason, opened.get(mail.ticket))
    assert found == wanted
    assert len(opened) == sum(
        e.get('thread') == 'new' for e in expectations.values())

    for name, expected in expectations.items():
        conversation = mails[name].conversation
        if not conversation:
            continue
        text = expected.get('text') or ''
        if text != ENCRYPTED:
            assert (conversation.body or '').strip() == text.strip(), name
        else:
            assert "encrypted" in conversation.body, name
        for part in ['quoted', 'signature']:
            assert expected.get(part, '') in (conversation.quoted or ''), name
        assert sorted(a.name for a in conversation.attachments) == sorted(
            f[0] for f in expected.get('files', [])), name
        assert (conversation.protection or '') == expected.get(
            'protection', ''), name
        # Whatever it is, it can be shown and downloaded as it came
        assert conversation.content is not None, name
        assert bytes(conversation.raw) == raw_letter(name), name
        assert bool(conversation.formatted) == bool(conversation.html), name
        assert conversation.ticket.description, name
        if expected.get('thread') == 'new':
            assert conversation.ticket.description == (
                conversation.body), name
    assert "winmail.dat" in mails['winmail'].defects
