# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"What customers do: write letters, wait for letters, answer letters"
import subprocess
import time
from email.message import EmailMessage
from email.utils import format_datetime, localtime, make_msgid, parseaddr

from .progress import Trouble
from .settings import SUPPORT
from .sink import letters, read

TRY_AGAIN = 75
PATIENCE = 30


def send_in(settings, letter):
    "Put the letter into the pipe, as a mail server does"
    for pause in [1, 2, 5, None]:
        done = subprocess.run(
            settings.pipe(), input=letter.as_bytes(), capture_output=True)
        if done.returncode != TRY_AGAIN or pause is None:
            break
        time.sleep(pause)
    if done.returncode:
        raise Trouble(
            f"The pipe has refused a letter (exit {done.returncode}).\n\n"
            + done.stderr.decode(errors='replace').strip())


def wait_for(settings, recipient, known=(), about='', patience=PATIENCE):
    """
    The newest letter sent to the recipient whose file is not yet known.

    about is a text that must be in it.
    """
    end = time.monotonic() + patience
    while time.monotonic() < end:
        for file in reversed(letters(settings.sent)):
            if file not in known:
                letter = read(file)
                if (parseaddr(letter['To'])[1] == recipient
                        and about in body(letter)):
                    return letter
        time.sleep(0.2)
    raise Trouble(f"No letter to {recipient} within {patience} seconds.")


def write(sender, to, subject, text):
    "A new letter"
    letter = EmailMessage()
    letter['From'] = sender
    letter['To'] = to
    letter['Subject'] = subject
    letter['Date'] = format_datetime(localtime())
    letter['Message-ID'] = make_msgid(
        domain=parseaddr(sender)[1].partition('@')[2])
    letter.set_content(text)
    return letter


def answer(received, text):
    "An answer to a letter, as a mail program writes it"
    subject = received['Subject']
    if not subject.lower().startswith('re:'):
        subject = f'Re: {subject}'
    quoted = ''.join(f'> {line}\n' for line in body(received).splitlines())
    letter = write(
        received['To'], SUPPORT, subject,
        f'{text}\n\n{received["From"]}:\n{quoted}')
    thread(letter, received)
    return letter


def thread(letter, received):
    "Make the letter an answer to the one received (RFC 5322, 3.6.4)"
    del letter['To'], letter['In-Reply-To'], letter['References']
    letter['To'] = received.get('Reply-To') or received['From']
    letter['In-Reply-To'] = received['Message-ID']
    references = received.get('References') or received.get('In-Reply-To')
    letter['References'] = ' '.join(
        filter(None, [references, received['Message-ID']]))


def body(letter):
    text = letter.get_body(('plain', 'html')).get_content()
    return text.replace('\r\n', '\n')
