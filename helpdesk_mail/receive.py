# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

"""
From stored letters to tickets: the only caller of the pure steps of intake.

Decided here: which look-ups the steps get, in bulk, and what is saved, in
bulk. Not here: what the steps decide.
"""
import datetime as dt
import logging
from dataclasses import dataclass, replace
from functools import cached_property

import trytond.config as config
from trytond import backend
from trytond.i18n import gettext
from trytond.pool import Pool
from trytond.transaction import Transaction, TransactionError

from .bounce import Bounces
from .colleague import Colleagues, file_answers
from .flood import Flood
from .intake import acknowledge, file, filter, identify, parse, thread, trust
from .intake.correspondents import Correspondents, domain_of
from .intake.quote import Folded
from .intake.verdict import Verdict
from .mail_values import Given
from .matter import Matter, Matters
from .outgoing import Outgoing
from .section_address import plain
from .unknown_sender import is_valid

BATCH = 25
# Larger letters, in bytes, wait for a person
MAX_LETTER = config.getint(
    'helpdesk', 'max_letter', default=25 * 1024 * 1024)

logger = logging.getLogger(__name__)


def receive(mails):
    """
    Judge the letters in the current transaction.

    If that fails, everything is undone and each half is judged in a
    transaction of its own, until the bad letter stands alone and is kept as
    failed.
    """
    pool = Pool()
    Mail = pool.get('helpdesk.mail')
    transaction = Transaction()
    if not mails:
        return
    tasks = list(transaction.tasks)
    try:
        with Mail.quietly(mails):
            Receiver(mails).run()
    except TransactionError:
        raise
    except Exception as exception:
        if _is_passing(exception):
            # Not the fault of a letter: the whole task is run again
            raise
        logger.exception(
            "cannot judge the letters %s", [m.id for m in mails])
        transaction.rollback()
        transaction.tasks[:] = tasks
        if len(mails) == 1:
            Mail.failed(Mail(mails[0].id), exception)
        else:
            middle = len(mails) // 2
            Mail.__queue__.judge(mails[:middle])
            Mail.__queue__.judge(mails[middle:])


def _is_passing(exception):
    "Tell if the database may well do it the next time."
    if not isinstance(exception, backend.DatabaseOperationalError):
        return False
    # PostgreSQL, appendix A: connection, rollback, resources, locks,
    # intervention. A limit (54) is passed by the letter each time.
    state = getattr(exception, 'sqlstate', None)
    return not state or state[:2] in {'08', '40', '53', '55', '57'}


@dataclass(eq=False)
class Item:
    "A letter on its way through the steps."
    mail: object
    letter: object = None
    trust: object = None
    verdict: Verdict = None
    correspondents: Correspondents = Correspondents()
    # Of letters of our own people: whether it may be one, the user whose
    # answer it is, the ticket of which they are the customer, and what they
    # forwarded
    by_agent: bool = False
    user: object = None
    own_ticket: int = None
    forwarder: object = None
    forwarded: object = None
    sender: object = None
    clues: tuple = ()
    section: object = None
    matter: Matter = None
    mentions: Matter = None
    follows: Matter = None
    new: bool = False
    folded: Folded = None
    conversation: object = None


class Receiver:
    "Takes a batch of letters through the steps."

    def __init__(self, mails):
        pool = Pool()
        Section = pool.get('helpdesk.section')
        self.items = [Item(mail) for mail in mails]
        self.sections = Section.by_address()
        self.given = Given('mail_values')

    def run(self):
        self.parse()
        self.filter()
        self.deduplicate()
        self.recognize()
        self.identify()
        self.thread()
        Bounces(self.items).mark()
        self.file()
        self.acknowledge()
        Pool().get('helpdesk.conversation').confirm_more(self.filed)
        self.finish()

    @property
    def filed(self):
        "What goes on as a letter of a customer."
        return [i for i in self.items
            if i.verdict.action == 'file' and not i.user]

    def parse(self):
        for item in self.items:
            try:
                item.letter = parse.parse(item.mail.email.raw_letter())
            except ValueError:
                item.letter = parse.parse(b'')
            item.trust = trust.trust(
                item.letter, item.mail.inbox.trusted_servers()
                if item.mail.inbox else frozenset())
        # An answer may come in one batch with what it answers
        self.items.sort(key=lambda i: (
                i.letter.date or i.mail.received_at, i.mail.id))

    def filter(self):
        pool = Pool()
        Mail = pool.get('helpdesk.mail')
        self._find_sections()
        self._find_correspondents()
        policy = filter.Policy(
            own_mark=Outgoing.mark(),
            own_addresses=frozenset(self.sections),
            max_size=MAX_LETTER)
        for item in self.items:
            item.verdict = filter.judge(
                item.letter,
                replace(policy, correspondents=item.correspondents),
                Mail.filters())
            if item.mail.is_wanted(item.letter):
                item.verdict = Verdict(
                    'file', 'released', automatic=item.verdict.automatic,
                    answer=item.verdict.answer)
            item.verdict = item.mail.verdict_imported(
                item.mail.verdict_left(item.verdict))
            if item.trust.failed:
                # It would go to somebody who has not written
                item.verdict = replace(item.verdict, answer=False)
            if item.verdict.action == 'file' and not item.section:
                item.verdict = Verdict('hold', 'no_section')

    def _find_sections(self):
        "That of the rule, of the address, or the default one."
        pool = Pool()
        Section = pool.get('helpdesk.section')
        sections = Section.of_letters(
            [i.letter for i in self.items], self.sections)
        for item, section in zip(self.items, sections):
            wanted = item.mail.section
            item.section = (wanted if wanted and wanted.active
                else section or self._default_section(item.mail.inbox.company))

    def _default_section(self, company):
        "Return that of the company, or of the first one if it is None."
        sections = self._default_sections
        if company is None:
            company = Transaction().context.get('company')
            if company not in sections:
                return next(iter(sections.values()), None)
        return sections.get(int(company))

    @cached_property
    def _default_sections(self):
        pool = Pool()
        Value = pool.get('helpdesk.configuration.section')
        return {v.company.id: v.default_section for v in Value.search([
                    ('default_section.active', '=', True),
                    ('company', '!=', None),
                    ], order=[('company', 'ASC')])}

    def _find_correspondents(self):
        pool = Pool()
        Address = pool.get('helpdesk.mail.address')
        found = Address.correspondents({
                a.email for i in self.items
                for a in [i.letter.sender, *i.letter.to, *i.letter.cc] if a})
        for item in self.items:
            company = (
                item.section.company if item.section
                else item.mail.inbox.company)
            item.correspondents = found.get(
                company.id if company else None, found[None])

    def deduplicate(self):
        "The same letter through two doors, or twice through one, is one."
        pool = Pool()
        Mail = pool.get('helpdesk.mail')
        items = [
            i for i in self.items if i.verdict.action != 'ignore'
            and not (i.mail.released or i.mail.is_left())]
        # Of two that wait a person would release both
        seen = {m.fingerprint: m for m in Mail.search([
                    ('fingerprint', 'in', [
                            i.letter.fingerprint for i in items]),
                    ['OR',
                        ('state', 'in', ['filed', 'held']),
                        ('reason_key', '=', 'discarded'),
                        ],
                    ('left_size', '=', None),
                    ('id', 'not in', [i.mail.id for i in items]),
                    ])}
        for item in items:
            fingerprint = item.letter.fingerprint
            if fingerprint in seen:
                first = seen[fingerprint]
                item.verdict = Verdict('ignore', 'duplicate')
                item.mentions = first
            else:
                seen[fingerprint] = item.mail

    def recognize(self):
        "Tell the letters of our own people from those of customers."
        Colleagues(self.filed).recognize(self._is_ours)

    def identify(self):
        pool = Pool()
        ContactMechanism = pool.get('party.contact_mechanism')
        Domain = pool.get('helpdesk.mail.domain')
        emails = {i.letter.sender.email for i in self.filed if i.letter.sender}
        parties = ContactMechanism.parties_by_email(emails)
        organisations = Domain.organisations({domain_of(e) for e in emails})
        for item in self.filed:
            item.sender = item.mail.wanted_sender(identify.identify(
                    item.letter, parties.get, organisations.get))

    def _find_clues(self):
        pool = Pool()
        secret = pool.get('helpdesk.mail.key').get_secret()
        for item in self.filed:
            item.clues = trust.doubtful(
                thread.clues(item.letter, secret), item.trust)
            if item.forwarded:
                # It may be given back: so it joins no other ticket
                item.clues = tuple(
                    replace(c, joins=False) for c in item.clues)
            if item.own_ticket:
                item.clues = (
                    thread.Clue('address', item.own_ticket), *item.clues)

    def thread(self):
        self._find_clues()
        matters, flood = Matters(self.filed), Flood(self.filed)
        for item in self.filed:
            found = matters.wanted(item) or thread.thread(
                item.clues, matters.of(item),
                lambda m: m.takes_part(item.sender))  # noqa: B023
            item.matter, item.mentions = found.ticket, found.mentions
            if not item.matter and Colleagues.unproved(item):
                item.verdict = Verdict('hold', 'agent_unproved')
                continue
            if item.matter and item.matter.closed:
                self._follow(item)
            if not item.matter:
                if not self._opens(item, flood):
                    continue
                item.new = True
                item.matter = self._new_matter(item)
            matters.add(item)
        flood.tell()

    @staticmethod
    def _follow(item):
        "Make the letter about the closed ticket one of its follow-up."
        # Who only knows one that was merged follows up that one
        item.matter, item.mentions = None, (
            item.matter.known_to(item.sender) or item.matter)
        # Where nobody works any more nothing is followed up
        if item.mentions.section.active:
            item.follows = item.mentions
            item.section = item.follows.section

    @staticmethod
    def _opens(item, flood):
        "Tell if a letter about something new makes a ticket."
        if item.verdict.reason == 'absence':
            # Its subject alone says so: perhaps it is about absences
            item.verdict = Verdict('file', 'no_answer_wanted', answer=False)
        elif item.verdict.reason == 'auto_replied':
            # It answers a letter of ours that is no longer there
            item.verdict = Verdict('ignore', 'auto_replied')
            return False
        if (not item.follows and not item.mail.released
                and item.section.holds(item.sender)):
            item.verdict = Verdict('hold', 'unknown_sender')
            return False
        if not flood.lets_in(item):
            item.verdict = Verdict('hold', 'flood', answer=False)
            return False
        return True

    def _new_matter(self, item):
        sender, section = item.sender, item.section
        return Matter(
            company=section.company.id, section=section,
            email=sender.email,
            parties={*sender.parties, sender.organisation} - {None},
            others=set(self._copied(item)))

    def _copied(self, item):
        "Return the addresses of others that the letter went to."
        if item.forwarded or item.trust.failed:
            # They are others that a colleague, or a forger, wrote to
            return {}
        return {
            a.email: a.name for a in item.letter.to + item.letter.cc
            if a.email != item.sender.email
            and not self._is_ours(a.email)
            and item.correspondents.gets_copies(a.email)}

    def _is_ours(self, email):
        return not {email, plain(email)}.isdisjoint(self._own_addresses)

    @cached_property
    def _own_addresses(self):
        pool = Pool()
        Section = pool.get('helpdesk.section')
        return Section.own_addresses(self.sections)

    def file(self):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        for item in self.filed:
            item.folded = file.fold_letter(
                item.letter, self._separators,
                encrypted=gettext('helpdesk_mail.msg_encrypted'))
        self._create_tickets([i for i in self.filed if i.new])
        self._create_conversations()
        self._update_tickets([
                i for i in self.filed
                if not i.new and not i.verdict.automatic])
        Ticket.let_write([
                (i.matter.ticket, i.sender.email, i.sender.name)
                for i in self.filed if i.mail.wanted_ticket])
        file_answers([i for i in self.items if i.user])

    @cached_property
    def _separators(self):
        "The lines below which the senders quote our own letters."
        pool = Pool()
        Section = pool.get('helpdesk.section')
        return Section.mail_separators()

    def _update_tickets(self, items):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        Ticket.updated_by_mail([
                (i.matter.ticket, i.mail.email.rule) for i in items])

    def _create_tickets(self, items):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        Section = pool.get('helpdesk.section')
        Party = pool.get('party.party')
        created = self._create_parties(items)
        parties = {p.id: p for p in Party.browse(
                {i.sender.party or i.sender.organisation for i in items}
                - {None})}
        # What the look-up of the preceding tickets finds is there already;
        # a ticket of this batch is linked when it has been made
        vlist = []
        for item in items:
            party = (parties.get(item.sender.party)
                or created.get(item.sender.email))
            vlist.append(self._ticket_values(
                    item, party, parties.get(item.sender.organisation)))
        Section.hold({i.section for i in items})
        Ticket.set_numbers(vlist)
        with Transaction().set_context(helpdesk_acknowledge=False):
            tickets = Ticket.create(vlist)
        for item, ticket in zip(items, tickets):
            item.matter.ticket = ticket
        # What is mentioned may have been made just now
        late = [i for i in items
            if i.mentions and not i.matter.ticket.preceding
            and self._may_name(i)]
        for item in late:
            item.matter.ticket.preceding = item.mentions.ticket
        Ticket.save([i.matter.ticket for i in late])

    def _ticket_values(self, item, party, organisation):
        values = file.ticket_values(
            item.letter, item.sender,
            no_subject=gettext('helpdesk_mail.msg_no_subject'),
            folded=item.folded)
        copied = self._copied(item)
        if item.follows:
            before = item.follows.ticket.follow_up_values()
            # Otherwise subjects would collect numbers of old tickets
            values['subject'] = before['subject']
            party = party or item.follows.ticket.party
            if party != item.follows.ticket.party:
                before.update(contact=None, sale=None)
        else:
            before = self._default_values(item)
        party = party or organisation
        return {
            **before,
            **values,
            'party': party.id if party else None,
            'language': (party.lang.id if party and party.lang
                else before.get('language')),
            'state': 'open',
            'unread': not item.verdict.automatic,
            'forwarded_by': item.forwarder.email if item.forwarder else None,
            'last_communication_at': item.mail.received_at,
            'participants': [('create', [
                        {'email': email, 'name': name, 'role': 'cc'}
                        for email, name in copied.items()])],
            }

    def _default_values(self, item):
        section, mentions = item.section, item.mentions
        return {
            **self.given.of(section, item.mail.email.rule),
            'section': section.id,
            'company': section.company.id,
            'preceding': (mentions.ticket.id
                if mentions and mentions.ticket
                and self._may_name(item) else None),
            }

    @staticmethod
    def _may_name(item):
        "Tell if who sees the new ticket also sees the one it mentions."
        new, old = item.section, item.mentions.section
        return new == old or (
            new.company == old.company and old.visibility != 'private')

    def _create_parties(self, items):
        "Return the new parties of the unknown senders, by address."
        pool = Pool()
        Newcomer = pool.get('helpdesk.mail.newcomer')
        unknown = {}
        for item in items:
            email = item.sender.email
            if (item.section.makes_party(item.sender, item.mail.released)
                    and not (item.follows and item.follows.ticket.party)
                    and not item.verdict.automatic and is_valid(email)):
                unknown.setdefault(email, item.sender.name)
        return Newcomer.make_parties(unknown)

    def _create_conversations(self):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        vlist = []
        for item in self.filed:
            values = file.conversation_values(
                item.letter, item.verdict, item.sender,
                item.mail.received_at, folded=item.folded,
                separators=self._separators)
            values['ticket'] = item.matter.ticket.id
            if not values['party']:
                ticket = item.matter.ticket
                if ticket.party and ticket.email == item.sender.email:
                    values['party'] = ticket.party.id
            values['attachments'] = [
                ('create', file.attachment_values(item.letter))]
            values.update(Conversation.trust_values(item.trust))
            values.update(Conversation.forward_values(item))
            vlist.append(values)
        # The comments come behind all letters
        vlist += Conversation.comments(self.filed)
        for item, conversation in zip(
                self.filed, Conversation.create(vlist)):
            item.conversation = conversation

    def acknowledge(self):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        sent = Conversation.count_automatic(
            {i.sender.email for i in self.filed if i.new},
            dt.datetime.now() - dt.timedelta(hours=1))
        tickets = []
        for item in self.filed:
            email = item.sender.email
            wanted, _ = acknowledge.acknowledge(
                item.letter, item.verdict, item.new,
                item.section.acknowledge, sent.get(email, 0))
            if wanted:
                sent[email] += 1
                tickets.append(item.matter.ticket)
        if tickets:
            Conversation.acknowledge(tickets)

    def finish(self):
        pool = Pool()
        Mail = pool.get('helpdesk.mail')
        states = {'file': 'filed', 'hold': 'held', 'ignore': 'ignored'}
        for item in self.items:
            mail, letter = item.mail, item.letter
            mail.state = states[item.verdict.action]
            mail.reason_key, mail.reason_detail = self._reason(item)
            mail.section = item.section
            sender = item.forwarder or letter.sender
            mail.sender = sender.email if sender else None
            for name, value in Mail.trust_values(item.trust).items():
                setattr(mail, name, value)
            mail.subject = file.shorten(letter.subject)
            mail.message_id = letter.message_id
            mail.fingerprint = letter.fingerprint
            mail.defect_keys = ' '.join(letter.defects) or None
            mail.next_try = None
            mail.new_ticket = item.new
            if item.conversation:
                mail.ticket = (item.matter or item.conversation).ticket
                mail.conversation = item.conversation
        Mail.save([i.mail for i in self.items])

    def _reason(self, item):
        "Return the key of the reason and its detail."
        if item.verdict.action == 'file' and item.mentions:
            return 'mentions', f'#{item.mentions.ticket.number}'
        if item.verdict.action == 'file' and item.forwarded:
            return 'forwarded', item.forwarder.email
        if item.verdict.reason == 'duplicate':
            return 'duplicate', str(item.mentions.id)
        return item.verdict.reason or None, None
