# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The addresses and domains for which something special holds.

Decided here: who lists them, and that our mails heed them. Not here: what an
address falls under, and what becomes of letters (intake).
"""
from collections import defaultdict

from sql import Null
from sql.operators import Equal
from trytond.i18n import gettext
from trytond.model import (
    DeactivableMixin, Exclude, Index, ModelSQL, ModelView, Unique, fields)
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.tools import grouped_slice
from trytond.transaction import inactive_records, without_check_access

from .exceptions import PatternError
from .intake.correspondents import Correspondents, normalise, patterns

# SQLite takes only so many values
MAX_PATTERNS = 10_000
FLAGS = ['blocked', 'no_automatic', 'not_in_copy']


class MailAddress(DeactivableMixin, ModelSQL, ModelView):
    __name__ = 'helpdesk.mail.address'
    _rec_name = 'pattern'

    pattern = fields.Char("Address or Domain", required=True,
        help="An address, or a domain such as example.com, which is all "
        "addresses in it and in the domains below it.")
    company = fields.Many2One('company.company', "Company",
        help="The company whose mail it holds for.\n"
        "Leave empty for all.")
    blocked = fields.Boolean("Blocked",
        help="Letters from there never make a ticket. They are kept among "
        "the letters.")
    no_automatic = fields.Boolean("No Automatic Answers",
        help="Never send a confirmation or another automatic mail there.")
    not_in_copy = fields.Boolean("Not in Copy",
        help="Leave it out of the correspondence, though a customer wrote "
        "to it in copy.")

    @classmethod
    def __setup__(cls):
        cls.pattern.search_unaccented = False
        super().__setup__()
        t = cls.__table__()
        cls._sql_constraints = [
            ('pattern_company_unique', Unique(t, t.pattern, t.company),
                'helpdesk_mail.msg_mail_address_unique'),
            ('pattern_unique', Exclude(t,
                    (t.pattern, Equal),
                    where=t.company == Null),
                'helpdesk_mail.msg_mail_address_unique'),
            ]
        cls._sql_indexes.update({
                Index(t, (t.pattern, Index.Equality())),
                Index(t, (t.pattern, Index.Similarity())),
                })
        cls._order = [('pattern', 'ASC'), ('id', 'ASC')]

    @classmethod
    def default_blocked(cls):
        return False

    @classmethod
    def default_no_automatic(cls):
        return False

    @classmethod
    def default_not_in_copy(cls):
        return False

    @fields.depends('pattern')
    def on_change_pattern(self):
        try:
            self.pattern = normalise(self.pattern or '')
        except ValueError:
            # Told when it is saved
            pass

    @classmethod
    def preprocess_values(cls, mode, values):
        values = super().preprocess_values(mode, values)
        if values.get('pattern'):
            values['pattern'] = cls._normalise(values['pattern'])
        return values

    @staticmethod
    def _normalise(pattern):
        try:
            return normalise(pattern)
        except ValueError as exception:
            raise PatternError(gettext(
                    'helpdesk_mail.msg_mail_address_pattern',
                    pattern=pattern)) from exception

    @classmethod
    @without_check_access
    def correspondents(cls, emails):
        """
        Return what holds for the addresses.

        A dictionary from the id of a company to Correspondents, for any
        company that has none of its own by None.
        """
        wanted = sorted({p for e in emails for p in patterns(e)})
        rows = [
            # One query but for letters to thousands
            row for group in grouped_slice(wanted, MAX_PATTERNS)
            for row in cls.search(
                [('pattern', 'in', list(group))], order=[])]
        found = defaultdict(lambda: {f: set() for f in FLAGS})
        companies = {None, *(r.company.id for r in rows if r.company)}
        for row in rows:
            for company in [row.company.id] if row.company else companies:
                for flag in FLAGS:
                    if getattr(row, flag):
                        found[company][flag].add(row.pattern)
        return {c: Correspondents(**found[c]) for c in companies}

    @classmethod
    @without_check_access
    def block(cls, emails):
        """
        Let letters of addresses make no tickets.

        emails is a set of tuples of an address and the id of a company, or
        None for all. Raises PatternError for what is no address.
        """
        emails = {(cls._normalise(e), c) for e, c in emails}
        with inactive_records():
            listed = [a for a in cls.search(
                    [('pattern', 'in', list({e for e, _ in emails}))])
                if (a.pattern, a.company.id if a.company else None) in emails]
        if listed:
            cls.write(listed, {'blocked': True, 'active': True})
        missing = emails - {
            (a.pattern, a.company.id if a.company else None) for a in listed}
        cls.create([
                {'pattern': pattern, 'company': company, 'blocked': True}
                for pattern, company in sorted(
                    missing, key=lambda m: (m[0], m[1] or 0))])


class Mail(metaclass=PoolMeta):
    __name__ = 'helpdesk.mail'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons.update(
            block_sender={
                'invisible': ~Eval('sender') | (
                    Eval('reason_key').in_(['own', 'blocked'])),
                'icon': 'tryton-cancel',
                'depends': ['sender', 'reason_key'],
                },
            )

    @classmethod
    @ModelView.button
    def block_sender(cls, mails):
        pool = Pool()
        Address = pool.get('helpdesk.mail.address')
        senders = set()
        for mail in mails:
            if mail.sender:
                company = mail._company()
                senders.add((mail.sender, company.id if company else None))
        Address.block(senders)
        # What still waits is judged by what holds now
        waiting = [
            m for m in mails
            if m.sender and m.state in {'received', 'held', 'failed'}
            and not m.released]
        if waiting:
            cls.retry(waiting)

    def _company(self):
        "Return the company whose letter it is, None if nobody knows."
        return self.section.company if self.section else self.inbox.company


class Conversation(metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation'

    @classmethod
    def acknowledge(cls, tickets):
        return super().acknowledge(cls._get_automatic(tickets))

    @classmethod
    def tell_over(cls, tickets):
        return super().tell_over(cls._get_automatic(tickets))

    @classmethod
    def _get_automatic(cls, tickets):
        "Return the tickets whose customers may get automatic mails."
        pool = Pool()
        Address = pool.get('helpdesk.mail.address')
        tickets = list(tickets)
        found = Address.correspondents({t.email for t in tickets if t.email})
        return [
            t for t in tickets
            if not t.email or found.get(
                t.company.id, found[None]).gets_automatic(t.email)]

    @classmethod
    @without_check_access
    def _address(cls, vlist):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        # Whom somebody chose gets the mail all the same
        implicit = [v for v in vlist if not v.get('to_addresses')]
        super()._address(vlist)
        vlist = [v for v in implicit if v.get('cc_addresses')]
        tickets = Ticket.browse([int(v['ticket']) for v in vlist])
        kept = cls.kept_in_copy([
                (t, _addresses(v['cc_addresses']))
                for t, v in zip(tickets, vlist)])
        for values, addresses in zip(vlist, kept):
            values['cc_addresses'] = ', '.join(addresses) or None

    @classmethod
    def kept_in_copy(cls, copies):
        """
        Return who of those in copy shall stay there.

        copies are tuples of a ticket and addresses; return the list of the
        addresses of each.
        """
        pool = Pool()
        Address = pool.get('helpdesk.mail.address')
        found = Address.correspondents({e for _, cc in copies for e in cc})
        return [
            [e for e in cc if found.get(
                    ticket.company.id, found[None]).gets_copies(e)]
            for ticket, cc in copies]


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    def mail_recipients(self, reply):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        to, copied = super().mail_recipients(reply)
        return to, Conversation.kept_in_copy([(self, copied)])[0]


def _addresses(text):
    return [a for a in map(str.strip, text.split(',')) if a]
