# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The doors that others open: the pipe, getmail6, and the webhook.
"""
import json
import os
import subprocess
from urllib.request import Request, urlopen

import pytest
from trytond import backend

from tests.records import letter
from tests.services import HOST, Dovecot, command, free_port, needs
from tests.together.processes import PIPE, TIMEOUT, environment

GETMAIL = """
[retriever]
type = SimpleIMAPRetriever
server = {dovecot.host}
port = {port}
username = support
password = secret

[destination]
type = MDA_external
path = {pipe}
arguments = ("-c", "{conf}", "-d", "{database}", "--inbox", "{inbox}")
allow_root_commands = true

[options]
delete = true
delivered_to = false
received = false
"""


@pytest.fixture(scope='module', autouse=True)
def refused(site):
    "A pipe into a database that is down, which it waits for meanwhile"
    if backend.name == 'sqlite':
        return site.pipe(letter(), "Support", name=f'{site.name}_missing')
    uri = f'postgresql://helpdesk@{HOST}:{free_port()}/'
    return site.pipe(
        letter(), "Support", conf=site.configure(database={'uri': uri}))


def states(site, inbox):
    return [m.state for m in site.letters(inbox)]


def test_pipe_at_once(site, inbox):
    """
    ML4, ML6: a letter that comes through two pipes at once is one ticket; it
    is stored twice, exit 0, and nothing is said
    """
    raw = letter(inbox, sender='ada@at-once.test')
    pipes = [site.pipe(raw, inbox, accident='slow') for _ in range(2)]
    for pipe in pipes:
        ended = site.finish(pipe)
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, '', '')
    assert sorted(states(site, inbox)) == ['filed', 'ignored']
    assert len({m.ticket for m in site.letters(inbox)} - {None}) == 1


def test_pipe_defect(site, inbox):
    """
    ML1: a letter that cannot be judged is stored all the same: exit 0, nothing
    is said (getmail6 would fetch it again), and it is tried again later
    """
    raw = letter(inbox, subject="Poison")
    ended = site.finish(site.pipe(raw, inbox, accident='poison'))
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, '', '')
    mail, = site.letters(inbox)
    assert mail.state == 'failed'
    assert "RuntimeError" in mail.reason
    assert mail.next_try
    assert bytes(mail.raw) == raw


def test_pipe_not_stored(site, inbox):
    "ML1: a defect before the letter is stored: exit 75, it may come again"
    ended = site.finish(site.pipe(letter(), inbox, accident='not_stored'))
    assert (ended.returncode, ended.stdout) == (os.EX_TEMPFAIL, '')
    assert "RuntimeError" in ended.stderr
    assert states(site, inbox) == []


def test_pipe_unknown_inbox(site):
    "An inbox that is not there: exit 78, its name in plain words"
    ended = site.finish(site.pipe(letter(), "Sopport"))
    assert (ended.returncode, ended.stdout) == (os.EX_CONFIG, '')
    assert ended.stderr == (
        "trytond-helpdesk-mail: there is no inbox named Sopport\n")


def test_pipe_other_database(site):
    "A database without the module: exit 78, in plain words"
    name = f'{site.name}_other'
    site.copy(['company', 'party', 'product', 'sale'], name)
    ended = site.finish(site.pipe(letter(), "Support", name=name))
    assert (ended.returncode, ended.stdout) == (os.EX_CONFIG, '')
    assert "helpdesk_mail is not activated" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_pipe_no_configuration(site, inbox):
    "A configuration file that cannot be read: exit 75, its name is told"
    ended = site.finish(site.pipe(
            letter(), inbox, conf=site.folder / 'absent.conf'))
    assert (ended.returncode, ended.stdout) == (os.EX_TEMPFAIL, '')
    assert "absent.conf" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize('raw', [b'', b'\r\n \r\n'])
def test_pipe_no_letter(site, inbox, raw):
    "Nothing on standard input: exit 66"
    ended = site.finish(site.pipe(raw, inbox))
    assert (ended.returncode, ended.stdout) == (os.EX_NOINPUT, '')
    assert states(site, inbox) == []


def test_pipe_usage():
    "Wrong arguments: exit 64, and how it is used"
    ended = subprocess.run(
        [PIPE, '-d', 'helpdesk'], input=letter(), capture_output=True,
        timeout=TIMEOUT)
    assert (ended.returncode, ended.stdout) == (os.EX_USAGE, b'')
    assert b'--inbox' in ended.stderr


@needs('dovecot', 'getmail6')
def test_getmail(site, inbox, tmp_path):
    "getmail6 delivers a mailbox through the pipe, each letter once"
    with Dovecot() as dovecot:
        dovecot.deliver(letter(f"{inbox} 1"))
        dovecot.deliver(letter(f"{inbox} 2"), seen=True)
        (tmp_path / 'getmailrc').write_text(GETMAIL.format(
                dovecot=dovecot, port=dovecot.port('imap'), pipe=PIPE,
                conf=site.configure(), database=site.name, inbox=inbox))
        for _ in range(2):
            ended = subprocess.run(
                [command('getmail6'), '--getmaildir', tmp_path],
                env=environment(), capture_output=True, text=True,
                timeout=TIMEOUT)
            assert (ended.returncode, ended.stderr) == (0, '')
        with dovecot.imap() as session:
            assert session.search(None, 'ALL')[1] == [b'']
    assert states(site, inbox) == ['filed'] * 2


def post(site, inbox, data, type_='raw'):
    "Post to the webhook of the inbox, return the status of the answer"
    request = Request(
        f'{site.url}/inbound_email/inbox/{inbox}?type={type_}', data=data,
        headers={'Content-Type': 'application/octet-stream'})
    with urlopen(request, timeout=TIMEOUT) as answer:
        return answer.status


def test_webhook(site, inbox):
    "A letter posted to the webhook is a ticket; posted twice it is one"
    payload = {
        'FromFull': {'Email': 'ada@example.org', 'Name': "Ada"},
        'ToFull': [{'Email': 'support@example.com', 'Name': ""}],
        'Subject': "From Postmark",
        'TextBody': inbox,
        'Headers': [{'Name': 'Message-ID', 'Value': f'<{inbox}@p.test>'}],
        }
    with site.server():
        for _ in range(2):
            assert post(site, inbox, letter(inbox)) == 204
        for _ in range(2):
            data = json.dumps(payload).encode()
            assert post(site, inbox, data, 'postmark') == 204
    first, again, postmark, postmark_again = site.letters(inbox)
    assert [first.state, again.state] == ['filed', 'ignored']
    assert [postmark.state, postmark_again.state] == ['filed', 'ignored']
    assert postmark.subject == "From Postmark"
    assert postmark.ticket != first.ticket


def test_pipe_no_database(site, refused):
    "A database that is down: exit 75, for the mail server to try again"
    ended = site.finish(refused)
    assert (ended.returncode, ended.stdout) == (os.EX_TEMPFAIL, '')
    assert "try again later" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
