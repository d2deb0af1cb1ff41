# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from collections import defaultdict

from trytond.i18n import gettext
from trytond.model import fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import without_check_access

from .intake import layout
from .intake.protection import SIGNATURE_NAMES


class Conversation(metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation'

    quoted = fields.Text("Quoted Text and Signature", readonly=True,
        help="What stands below the text of the letter: the signature and "
        "the quote of earlier letters.")
    protection = fields.Selection([
            ('', ""),
            ('signed', "Signed (Not Verified)"),
            ('encrypted', "Encrypted"),
            ], "Protection", readonly=True, sort=False,
        states={
            'invisible': ~Eval('protection'),
            },
        help="Signed (Not Verified): the letter has a signature, "
        "but nobody has checked by whom it is.\n"
        "Encrypted: only a mail program with the right key can read it.")
    formatted = fields.Function(
        fields.Binary("Formatted", filename='formatted_name',
            help="The letter with its format and its pictures."),
        'get_formatted')
    formatted_name = fields.Function(
        fields.Char("Formatted Name"), 'get_formatted_name')
    raw = fields.Function(
        fields.Binary("Raw Letter", filename='raw_name',
            states={
                'invisible': ~Eval('raw_name'),
                },
            help="The letter as it came, with all its headers."),
        'get_raw')
    raw_name = fields.Function(fields.Char("Letter Name"), 'get_raw_name')

    @classmethod
    def default_protection(cls):
        return ''

    def get_content(self, name):
        if self.html:
            return layout.rich_text(self.html)
        return super().get_content(name)

    @classmethod
    def get_formatted(cls, conversations, name):
        pages = dict.fromkeys(map(int, conversations))
        marked = [c for c in conversations if c.html]
        pictures = cls._pictures(marked)
        summary = gettext('helpdesk_mail.msg_quoted')
        for conversation in marked:
            page = layout.page(
                conversation.html, pictures[conversation.id], summary)
            pages[conversation.id] = cls.formatted.cast(page.encode('utf-8'))
        return pages

    @classmethod
    @without_check_access
    def _pictures(cls, conversations):
        "Return the data of the pictures shown in the HTML, by id and name."
        pool = Pool()
        Attachment = pool.get('ir.attachment')
        pictures = defaultdict(dict)
        names = {str(c): layout.picture_names(c.html) for c in conversations}
        shown = [r for r, n in names.items() if n]
        if not shown:
            return pictures
        for attachment in Attachment.search([
                    ('resource', 'in', shown),
                    ('type', '=', 'data'),
                    ('name', 'in', list(set().union(*names.values()))),
                    ]):
            conversation = attachment.resource
            if attachment.name in names[str(conversation)]:
                pictures[conversation.id][attachment.name] = attachment.data
        return pictures

    def get_formatted_name(self, name):
        if self.html:
            return f'letter-{self.id}.html'

    @classmethod
    @without_check_access
    def get_raw(cls, conversations, name):
        raw = dict.fromkeys(map(int, conversations))
        for mail in cls._letters(conversations):
            raw[mail.conversation.id] = mail.raw
        return raw

    @classmethod
    @without_check_access
    def get_raw_name(cls, conversations, name):
        names = dict.fromkeys(map(int, conversations))
        for mail in cls._letters(conversations):
            names[mail.conversation.id] = mail.raw_name
        return names

    @staticmethod
    def _letters(conversations):
        """
        Return the letters that the conversations were made of.

        Without those of agents: whoever sees the address that one was sent
        to could write to the customer in the name of this agent (SE6).
        """
        pool = Pool()
        Mail = pool.get('helpdesk.mail')
        return Mail.search([
                ('conversation', 'in', [c.id for c in conversations]),
                ('reason_key', 'not in', ['agent_sent', 'agent_noted']),
                ('raw_removed_at', '=', None),
                ])

    @classmethod
    def get_files(cls, conversations, name):
        files = super().get_files(conversations, name)
        for conversation in conversations:
            hidden = conversation.hidden_files()
            if hidden and files[conversation.id]:
                files[conversation.id] = ', '.join(
                    n for n in files[conversation.id].split(', ')
                    if n not in hidden)
        return files

    def hidden_files(self):
        """
        Return the set of the names of files that need not be listed.

        Pictures that stand in the text, and signatures. All of them are kept.
        """
        return layout.picture_names(self.html or '') | self.signature_files()

    def signature_files(self):
        "Return the set of the names of files that hold a signature."
        if self.protection != 'signed':
            return set()
        return {*SIGNATURE_NAMES.values(), 'smime.p7m'}

    @classmethod
    def view_attributes(cls):
        return super().view_attributes() + [
            ('//group[@id="quoted"]', 'states', {
                    'invisible': ~Eval('quoted'),
                    }),
            ('//page[@id="formatted"]', 'states', {
                    'invisible': ~Eval('formatted_name'),
                    }),
            ]
