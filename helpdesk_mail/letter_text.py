# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What a letter says that is part of no ticket, for whoever decides on it.
"""
from trytond.model import fields
from trytond.pool import PoolMeta
from trytond.pyson import Eval
from trytond.transaction import without_check_access

from .intake.parse import parse

# Enough to decide
LENGTH = 20_000


class Mail(metaclass=PoolMeta):
    __name__ = 'helpdesk.mail'

    text = fields.Function(fields.Text("Text",
            states={
                'invisible': ~Eval('text'),
                },
            help="What the letter says."),
        'get_text')
    attached = fields.Function(fields.Char("Attachments",
            states={
                'invisible': ~Eval('attached'),
                },
            help="The names of the files that came with the letter."),
        'get_text')

    @classmethod
    @without_check_access
    def get_text(cls, mails, names):
        "Return them as the letter would show in a ticket."
        values = {name: dict.fromkeys(m.id for m in mails) for name in names}
        for mail in cls.browse(mails):
            if mail.state == 'filed':
                # The conversation shows it
                continue
            try:
                letter = parse(mail.email.raw_letter())
            except ValueError:
                continue
            shown = {
                'text': letter.text[:LENGTH],
                'attached': ', '.join(
                    p.name or p.type for p in letter.parts),
                }
            for name in names:
                values[name][mail.id] = shown[name] or None
        return values
