# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Two helpdesks that confirm letters, and write to each other.
"""
import contextlib
import datetime as dt
import secrets

import pytest
import trytond.config as config
from trytond.pool import Pool
from trytond.transaction import Transaction

from tests.records import Helpdesk
from tests.services import Relay
from tests.together.processes import Site

ADDRESSES = ['support@one.example', 'support@two.example']
# What tells that a letter is automatic
MACHINE = ('auto-submitted', 'x-', 'precedence')
# More rounds than any of it may take
ROUNDS = 40


@pytest.fixture(scope='module')
def relay():
    with Relay(*ADDRESSES) as relay:
        before = {
            k: config.get('email', k, default='') for k in ['uri', 'retry']}
        config.set('email', 'uri', relay.uri)
        config.set('email', 'retry', '0')
        yield relay
        for key, value in before.items():
            config.set('email', key, value)


@pytest.fixture(scope='module')
def helpdesks(relay, tmp_path_factory):
    "A site for each of the addresses"
    folder = tmp_path_factory.mktemp('sites')
    with contextlib.ExitStack() as stack:
        sites = {}
        for address in ADDRESSES:
            site = stack.enter_context(Site(['helpdesk_mail'], folder))
            site.call(lambda: _fill(site, address), user=1)  # noqa: B023
            sites[address] = site
        yield sites


def _fill(site, address):
    pool = Pool()
    Inbox = pool.get('inbound.email.inbox')
    Key = pool.get('helpdesk.mail.key')
    # Both are copies of one database
    Key.write(Key.search([]), {'secret': secrets.token_hex(16)})
    Key._secret_cache.clear()
    desk = Helpdesk(mail_address=address)
    site.company, site.section = desk.company.id, desk.section.id
    Inbox.create([{'name': "Support"}])


def set_templates(site, *names):
    "Let canned answers go out by themselves, and no others"
    with site.transaction() as pool:
        ReplyTemplate = pool.get('helpdesk.reply_template')
        Section = pool.get('helpdesk.section')
        template, = ReplyTemplate.create([
                {'name': "Automatic", 'text': "We have got it."}])
        section = Section(site.section)
        for name in Section.automatic_templates():
            setattr(section, name, template if name in names else None)
        section.save()


def resolve(site):
    "An agent thinks that all is done"
    def resolve():
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        Ticket.resolve(Ticket.search([('state', '=', 'open')]))
    site.call(resolve, context={'company': site.company})


def write(site, to):
    "Begin: an agent of the one helpdesk writes to the other"
    def create():
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        with Transaction().set_context(helpdesk_acknowledge=False):
            ticket, = Ticket.create([{
                        'subject': "Fire", 'email': to, 'state': 'open',
                        'section': site.section, 'company': site.company,
                        'conversations': [('create', [{
                                        'kind': 'email', 'direction': 'out',
                                        'body': "Do you burn?"}])],
                        }])
        return ticket.id
    return site.call(create, context={'company': site.company})


def work(site, letters):
    "Take in letters, judge them and send what there is to be sent"
    def deliver():
        pool = Pool()
        Inbox = pool.get('inbound.email.inbox')
        inbox, = Inbox.search([])
        return [m.id for m in inbox.deliver(letters)]

    def judge(ids):
        pool = Pool()
        Mail = pool.get('helpdesk.mail')
        Mail.judge(Mail.browse(ids))

    def send():
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        Conversation.send(Conversation.search([('delivery', '=', 'queued')]))

    if letters:
        ids = site.call(deliver)
        site.call(lambda: judge(ids))
    site.call(send)


def correspond(helpdesks, relay):
    "Let them write until nothing moves, return how many letters went"
    before = len(relay.envelopes)
    for _ in range(ROUNDS):
        count = len(relay.envelopes)
        letters = {a: relay.take(a) for a in ADDRESSES}
        for address, site in helpdesks.items():
            work(site, letters[address])
        if len(relay.envelopes) == count and not any(letters.values()):
            return len(relay.envelopes) - before
    raise AssertionError("They never stop")


def tickets(site):
    with site.transaction(readonly=True) as pool:
        Ticket = pool.get('helpdesk.ticket')
        return Ticket.search([], count=True)


def later(site):
    "Let the limits of an hour be those of the next test"
    with site.transaction() as pool:
        Conversation = pool.get('helpdesk.conversation')
        Mail = pool.get('helpdesk.mail')
        before = dt.datetime.now() - dt.timedelta(hours=2)
        Conversation.write(Conversation.search([]), {'at': before})
        Mail.write(Mail.search([]), {'received_at': before})


@pytest.mark.parametrize('strip, at_most', [
        # The letter, and one confirmation
        ((), 2),
        # A program that says of nothing that it is automatic
        (MACHINE, 2),
        # One that does not even say what it answers: the limits stop it
        (MACHINE + ('in-reply-to', 'references', 'reply-to'), 1 + 2 * 5),
        ])
def test_loop(helpdesks, relay, strip, at_most):
    """
    ML11, X3: two helpdesks that answer each other exchange at most one
    automatic letter each way, and stop by themselves even without the headers
    that tell what is automatic
    """
    relay.strip = strip
    one, two = (helpdesks[a] for a in ADDRESSES)
    for site in [one, two]:
        later(site)
    before = tickets(one), tickets(two)
    write(one, ADDRESSES[1])

    assert 2 <= correspond(helpdesks, relay) <= at_most
    after = tickets(one), tickets(two)
    assert sum(after) - sum(before) <= at_most + 1
    if at_most == 2:
        assert (after[0] - before[0], after[1] - before[1]) == (1, 1)


@pytest.mark.parametrize('strip, at_most', [
        # The letter, a confirmation, and another if it adds to the ticket
        ((), 3),
        # Programs that do not say that they are: five in an hour each
        (MACHINE, 1 + 2 * 5),
        (MACHINE + ('in-reply-to', 'references', 'reply-to'), 1 + 2 * 5),
        ])
def test_loop_of_templates(helpdesks, relay, strip, at_most):
    """
    ML11, X3, C19: with canned answers to everything on both sides it stops
    too, also if both resolve their tickets again and again
    """
    relay.strip = strip
    one, two = (helpdesks[a] for a in ADDRESSES)
    for site in [one, two]:
        later(site)
        set_templates(
            site, 'acknowledge_template', 'follow_up_template',
            'over_template')
    before = tickets(one), tickets(two)
    write(one, ADDRESSES[1])
    assert 2 <= correspond(helpdesks, relay) <= at_most

    # The confirmations count, and those of the end
    for _ in range(8):
        resolve(one)
        resolve(two)
        correspond(helpdesks, relay)
    count = len(relay.envelopes)
    for _ in range(2):
        resolve(one)
        resolve(two)
        correspond(helpdesks, relay)
    assert len(relay.envelopes) == count
    assert tickets(one) + tickets(two) - sum(before) <= at_most + 1
