# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Letters of our own people: answers to notices, and forwarded letters.

Decided here: who of the senders is an agent, and where they may work. Not
here: what becomes of their letters (intake/agent.py, intake/forward.py).
"""
from collections import defaultdict
from email.utils import parseaddr

import trytond.config as config
from sql import Literal
from sql.functions import Lower
from trytond.i18n import gettext
from trytond.model import Index, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import Transaction, inactive_records

from .intake import agent, file, forward
from .intake.recipients import without
from .intake.verdict import Verdict
from .matter import Matter
from .outgoing import Outgoing

# What an answer becomes, by the reason of its verdict
_KINDS = {
    'agent_sent': {'kind': 'email', 'direction': 'out'},
    'agent_noted': {'kind': 'note', 'direction': 'internal'},
    }


class Section(metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    agent_mail = fields.Selection([
            ('hold', "Hold"),
            ('note', "Add as Internal Note"),
            ('send', "Send to Customer"),
            ], "Answers by Mail", required=True, sort=False,
        states={
            'invisible': ~Eval('mail_address') | ~Eval('subaddress'),
            },
        help="What becomes of the mail by which an agent answers a notice "
        "about a letter of a customer.\n"
        "It counts only if it comes from the address of the user and goes to "
        "the address in the notice. Everything else is held.")
    forwarded = fields.Boolean("Forwarded Letters",
        help="Letters that agents forward to the section are those of their "
        "original senders, if it is clear who that is.")

    @classmethod
    def default_agent_mail(cls):
        return 'hold'

    @classmethod
    def default_forwarded(cls):
        return False


class User(metaclass=PoolMeta):
    __name__ = 'res.user'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.add(Index(t, (Lower(t.email), Index.Equality())))

    @classmethod
    def agents_by_email(cls, emails):
        """
        Return the active users with the addresses who are agents.

        A dictionary from the address in lower case to a list of users.
        """
        table = cls.__table__()
        cursor = Transaction().connection.cursor()
        cursor.execute(*table.select(
                table.id, Lower(table.email),
                where=(table.active == Literal(True))
                & fields.SQL_OPERATORS['in'](
                    Lower(table.email), list(emails)),
                order_by=[table.id]))
        found = dict(cursor)
        agents = defaultdict(list)
        for user in cls.browse(list(found)):
            email = found[user.id]
            if user.as_helpdesk_agent(cls.is_helpdesk_agent):
                agents[email].append(user)
        return dict(agents)

    def as_helpdesk_agent(self, function):
        "Return what the function returns when the user calls it."
        transaction = Transaction()
        with transaction.set_user(self.id), transaction.reset_context():
            return function()

    def works_in(self, section):
        "Tell if the user is an agent who sees the tickets of the section."
        return section.id in self.as_helpdesk_agent(
            self.__class__.get_helpdesk_sections)


class Colleagues:
    "Tells the letters of our own people from those of customers."

    def __init__(self, items):
        pool = Pool()
        Key = pool.get('helpdesk.mail.key')
        Ticket = pool.get('helpdesk.ticket')
        User = pool.get('res.user')
        secret = Key.get_secret()
        # Without a sender a person has chosen the ticket
        items = [i for i in items if i.letter.sender]
        self._items = items
        self._agents = User.agents_by_email(
            {i.letter.sender.email for i in items})
        self._claims = {
            item: claim for item in items
            if (claim := agent.addressed(item.letter, secret))}
        # Also those that are archived are answered
        with inactive_records():
            self._tickets = {t.id: t for t in Ticket.search([
                        ('id', 'in',
                            list({t for t, _ in self._claims.values()})),
                        ])} if self._claims else {}

    def recognize(self, is_ours):
        """
        Judge the letters of colleagues.

        is_ours tells whether an address in lower case is one that the
        helpdesk itself writes from.
        """
        for item in self._items:
            item.by_agent = item.letter.sender.email in self._agents
        for item in self._claims:
            self._answered(item)
        self._forwarded(is_ours)

    def _answered(self, item):
        ticket_id, user_id = self._claims[item]
        ticket, email = self._tickets.get(ticket_id), item.letter.sender.email
        user = next((
                u for u in self._agents.get(email, []) if u.id == user_id),
            None)
        if ticket and email == ticket.email:
            # An agent who is the customer speaks as such
            item.own_ticket = ticket.id
            return
        asked, ticket = ticket, ticket and ticket.merge_target
        if item.mail.released:
            return
        proved = bool(ticket and user and not item.trust.failed
            # Mail servers may have checked another one of them
            and 'several_senders' not in item.letter.defects
            and user.works_in(ticket.section))
        letter = agent.answer(
            item.letter, [separator(user)] if user else [])
        item.verdict = agent.judge(letter, item.verdict, agent.Claim(
                proved=proved,
                wanted=_wanted(ticket, asked) if proved else 'hold',
                open=proved and bool(
                    ticket.email and ticket.state != 'closed')))
        if (item.verdict.reason == 'agent_sent'
                and Outgoing.too_large(ticket.section, [
                        (p.name, len(p.data)) for p in letter.parts])):
            item.verdict = Verdict('hold', 'agent_large', answer=False)
        if proved:
            item.section = ticket.section
        if item.verdict.action == 'file':
            item.user, item.letter = user, letter
            item.matter = Matter(ticket=ticket)

    def _forwarded(self, is_ours):
        pool = Pool()
        User = pool.get('res.user')
        found = {}
        for item in self._items:
            if (item.by_agent and item not in self._claims
                    and item.section.forwarded
                    and not item.verdict.automatic
                    and not item.trust.failed
                    and 'several_senders' not in item.letter.defects
                    and any(u.works_in(item.section) for u in
                        self._agents[item.letter.sender.email])
                    and (forwarded := forward.find(item.letter))):
                found[item] = forwarded
        if not found:
            return
        senders = {f.letter.sender.email for f in found.values()}
        colleagues = User.agents_by_email(senders)
        # It writes the notices
        server = parseaddr(config.get('email', 'from', default=''))[1].lower()
        for item, forwarded in found.items():
            email = forwarded.letter.sender.email
            if email in colleagues or email == server or is_ours(email):
                continue
            item.forwarded, item.forwarder = forwarded, item.letter.sender
            item.letter = forwarded.letter
            item.by_agent = False
            item.verdict = Verdict('file', 'forwarded', answer=False)

    @staticmethod
    def unproved(item):
        """
        Tell if the letter may be an agent's who answers the customer.

        From is easily forged: without the signed address it goes nowhere.
        """
        return bool(item.by_agent and item.mentions
            and not item.mail.released and not item.verdict.automatic
            and not forward.is_forward(item.letter.subject))


def _wanted(ticket, asked):
    """
    Return what becomes of an answer about one ticket in another.

    asked is the ticket that the agent was told of, which may have been merged
    into ticket since.
    """
    wanted = ticket.section.agent_mail
    if wanted == 'send' and asked.email != ticket.email:
        # It would go to another than the agent meant
        return 'hold'
    return wanted


def separator(user):
    "Return the line of notices to the user above which they answer."
    return gettext('helpdesk_mail.msg_notice_separator',
        *user.notice_language(), rule=agent.RULE)


def file_answers(items):
    "Make conversations of the proved answers of agents."
    by_user = defaultdict(list)
    for item in items:
        by_user[item.user].append(item)
    for user, items in by_user.items():
        _file_answers(user, items)


def _recipients(item):
    "Return the values of whom an answer goes to, as the wizard proposes it."
    if item.verdict.reason != 'agent_sent':
        return {}
    ticket = item.matter.ticket
    to, cc = ticket.mail_recipients(ticket.mail_reply())
    return {
        'to_addresses': ', '.join(to),
        'cc_addresses': ', '.join(
            without(cc, [item.letter.sender.email])) or None,
        }


def _file_answers(user, items):
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    with Transaction().set_user(user.id), Transaction().set_context(
            employee=user.employee.id if user.employee else None):
        said = Conversation.said_by(user)
        for item, conversation in zip(items, Conversation.create([{
                        **said,
                        'ticket': i.matter.ticket.id,
                        **_KINDS[i.verdict.reason],
                        **_recipients(i),
                        'subject': i.matter.ticket.subject,
                        'body': i.letter.text,
                        'attachments': [
                            ('create', file.attachment_values(i.letter))],
                        } for i in items])):
            item.conversation = conversation
