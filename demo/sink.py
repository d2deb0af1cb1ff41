# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
A mail server that delivers nothing.

Each letter becomes a file, numbered in the order of arrival.
"""
import re
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller


class Sink:

    def __init__(self, folder, port):
        self.folder = folder
        self.arrived = None
        self._controller = Controller(
            self, hostname='127.0.0.1', port=port, data_size_limit=None)

    def __enter__(self):
        self._controller.start()
        return self

    def __exit__(self, *exception):
        self._controller.stop()

    async def handle_DATA(self, server, session, envelope):
        file = self._free_name(envelope.rcpt_tos)
        # Nobody shall read half a letter.
        unfinished = file.with_suffix('.part')
        unfinished.write_bytes(envelope.content)
        unfinished.rename(file)
        if self.arrived:
            self.arrived(file, envelope.rcpt_tos)
        return '250 Kept'

    def _free_name(self, recipients):
        number = 1 + max(
            (int(f.name.split('-')[0]) for f in letters(self.folder)),
            default=0)
        first = re.sub(r'[^\w.@+-]', '_', recipients[0])
        return self.folder / f'{number:04}-{first[:80]}.eml'


def letters(folder):
    "The files of the letters, oldest first"
    return sorted(folder.glob('*.eml'))


def read(file):
    return message_from_bytes(file.read_bytes(), policy=policy.default)
