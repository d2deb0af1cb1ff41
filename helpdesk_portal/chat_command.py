# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What operators type in a live chat to have something done.

A text that begins with a slash is a command and is never said: what is no
command, or cannot be done, goes back to who typed it. Clients of Tryton lock
the chat when there is an error, so errors are told as messages.
"""
import re
from collections import defaultdict
from typing import NamedTuple

from trytond.exceptions import UserError, UserWarning
from trytond.i18n import gettext
from trytond.model import fields
from trytond.modules.helpdesk import placeholder
from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction, check_access, without_check_access

from .exceptions import ChatCommandError

_COMMAND = re.compile(r'/(\S*)\s*(.*)', re.DOTALL)
# So many names of canned answers are told
NAMES = 20


class Command(NamedTuple):
    """
    What an operator can have done.

    help is the id of the message that tells how it is used, with the
    placeholder %(command)s; method the name of the method of helpdesk.chat
    that does it.
    """
    help: str
    method: str


class Chat(metaclass=PoolMeta):
    __name__ = 'helpdesk.chat'

    email_asked = fields.Boolean("E-Mail Asked For", readonly=True,
        help="The operator asked the visitor for an address.")

    @classmethod
    def default_email_asked(cls):
        return False

    @classmethod
    def on_modification(cls, mode, chats, field_names=None):
        super().on_modification(mode, chats, field_names=field_names)
        if mode == 'write' and 'email' in field_names:
            told = [c for c in chats if c.email_asked and c.email]
            if told:
                cls.write(told, {'email_asked': False})

    @classmethod
    def commands(cls):
        """
        Return the commands that operators can type.

        A dictionary from the name, in lower case and without the slash, to
        the Command. The method gets what follows the name, a str, and returns
        an ir.chat.message, such as that of tell_operator. It raises
        ChatCommandError, before it changes anything, where it can't be done.
        """
        def command(name):
            return Command(
                f'helpdesk_portal.msg_chat_command_{name}', f'command_{name}')
        return {
            'help': command('help'),
            'ticket': command('ticket'),
            'canned': command('canned'),
            'note': command('note'),
            'email': command('email'),
            'close': command('close'),
            'end': command('close'),
            }

    def answer(self, text, audience='public'):
        typed = text.lstrip()
        if typed.startswith('//'):
            return super().answer(typed[1:], audience)
        if typed.startswith('/'):
            return self.run_command(typed)
        return super().answer(text, audience)

    def answer_literally(self, text, audience='public'):
        "As answer, also if the text begins with a slash"
        return super().answer(text, audience)

    def run_command(self, text):
        """
        Do what the text says, which begins with a slash.

        Return the message with the result; it is also one if that is an
        error.
        """
        name, rest = _COMMAND.fullmatch(text.strip()).groups()
        command = self.commands().get(name.casefold())
        try:
            if not command:
                raise ChatCommandError(self._in_mine(
                        'helpdesk_portal.msg_chat_command_unknown',
                        commands=', '.join(f'/{n}' for n in self.commands())))
            return getattr(self, command.method)(rest)
        except ChatCommandError as error:
            reason = error.message
        except (UserError, UserWarning) as error:
            # Whatever it had done is undone
            Transaction().rollback()
            reason = error.message
        return self.__class__(self.id).tell_operator(self._in_mine(
                'helpdesk_portal.msg_chat_command_refused',
                typed=text, reason=reason))

    def tell_operator(self, text):
        "Show the text to the current user alone, and return the message"
        pool = Pool()
        Channel = pool.get('ir.chat.channel')
        message = Channel.say(self, text, 'system', 'internal')
        with without_check_access():
            message.helpdesk_to = Transaction().user
            message.save()
        return message

    def command_help(self, text):
        "List the commands"
        names = defaultdict(list)
        for name, command in self.commands().items():
            names[command].append(f'/{name}')
        lines = [
            self._in_mine(command.help, command=', '.join(names))
            for command, names in names.items()]
        return self.tell_operator('\n'.join([
                    *lines,
                    self._in_mine('helpdesk_portal.msg_chat_command_slash')]))

    def command_note(self, text):
        "Say something to colleagues only"
        self._check_text(text)
        return self.answer_literally(text, 'internal')

    def command_close(self, text):
        "End the chat"
        self._check_not_ended()
        with without_check_access():
            self.__class__.end([self], 'operator')
        return self.tell_operator(
            self._in_mine('helpdesk_portal.msg_chat_command_closed'))

    def command_email(self, text):
        "Have the visitor's page ask for an address"
        pool = Pool()
        Channel = pool.get('ir.chat.channel')
        self._check_not_ended()
        if self.email:
            raise ChatCommandError(self._in_mine(
                    'helpdesk_portal.msg_chat_command_email_known',
                    email=self.email))
        self._ask_email()
        return Channel.say(self, self._in_theirs(
                'helpdesk_portal.msg_chat_email_asked'), 'system')

    @without_check_access
    def _ask_email(self):
        self.touch([self])
        self.__class__.write([self], {'email_asked': True})

    def command_canned(self, text):
        "Say the canned answer that has the name"
        self._check_text(text)
        self._check_not_ended()
        template = self._template(' '.join(text.split()))
        answer, missing = template.for_chat(self)
        if missing:
            raise ChatCommandError(self._in_mine(
                    'helpdesk_portal.msg_chat_command_canned_missing',
                    name=template.name,
                    placeholders=', '.join(
                        placeholder.write(m) for m in missing)))
        return self.answer_literally(answer)

    def _template(self, name):
        "Return the canned answer that the current user means by the name"
        pool = Pool()
        ReplyTemplate = pool.get('helpdesk.reply_template')
        with check_access():
            templates = list(ReplyTemplate.search([
                        ['OR',
                            ('sections', '=', None),
                            ('sections', '=', self.section.id),
                            ],
                        ['OR',
                            ('language', '=', None),
                            ('language', '=', self.language),
                            ] if self.language else (),
                        ]))
        wanted = name.casefold()
        found = (
            [t for t in templates if t.name.casefold() == wanted]
            or [t for t in templates if t.name.casefold().startswith(wanted)]
            or [t for t in templates if wanted in t.name.casefold()])
        if len(found) == 1:
            return found[0]
        key = 'several' if found else 'none'
        raise ChatCommandError(self._in_mine(
                f'helpdesk_portal.msg_chat_command_canned_{key}', name=name,
                names=', '.join(
                    f'“{t.name}”' for t in (found or templates)[:NAMES])))

    def _check_text(self, text):
        if not text:
            raise ChatCommandError(
                self._in_mine('helpdesk_portal.msg_chat_command_no_text'))

    def _check_not_ended(self):
        if self.state == 'ended':
            raise ChatCommandError(
                self._in_mine('helpdesk_portal.msg_chat_command_ended'))

    @staticmethod
    def _in_mine(message, **variables):
        "Return the message in the language of the current user"
        pool = Pool()
        User = pool.get('res.user')
        return gettext(
            message, *User(Transaction().user).notice_language(), **variables)

    def _in_theirs(self, message, **variables):
        "Return the message in the language of the visitor"
        return gettext(message, *self.visitor_language(), **variables)


class Channel(metaclass=PoolMeta):
    __name__ = 'ir.chat.channel'

    @classmethod
    def get(cls, resource, before=None, after=None):
        messages = super().get(resource, before=before, after=after)
        if not cls._visited(resource):
            return messages
        others = cls._for_others([m['id'] for m in messages])
        return [m for m in messages if m['id'] not in others]

    @staticmethod
    @without_check_access
    def _for_others(ids):
        "Return those ids of messages that another user alone is shown"
        pool = Pool()
        Message = pool.get('ir.chat.message')
        return {m.id for m in Message.search([
                    ('id', 'in', ids),
                    ('helpdesk_to', '!=', None),
                    ('helpdesk_to', '!=', Transaction().user),
                    ])}


class Message(metaclass=PoolMeta):
    __name__ = 'ir.chat.message'

    helpdesk_to = fields.Many2One('res.user', "To", readonly=True,
        ondelete='CASCADE',
        help="The only user who is shown it.")


class ReplyTemplate(metaclass=PoolMeta):
    __name__ = 'helpdesk.reply_template'

    def for_chat(self, chat):
        """
        Return the text for the chat, and the placeholders without a value.

        As render does with the ticket of the chat; without one the values are
        those that there will be, and nothing of any customer's.
        """
        if chat.ticket:
            return self.render(chat.ticket)
        with check_access():
            row, = self.__class__.read([self.id], ['text'])
            names, _ = placeholder.names(row['text'])
            values = self._resolved(chat.future_ticket(), names)
        values.setdefault('ticket.section', chat.section.name)
        values.setdefault('ticket.contact_name', chat.visitor)
        return placeholder.render(row['text'], values.get)

    @classmethod
    def _sources(cls, ticket):
        sources = super()._sources(ticket)
        if ticket.id is None:
            # There is nothing to be read
            sources['ticket'] = None
        return sources
