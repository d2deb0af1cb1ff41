# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.helpdesk.sales import make_party, make_sale, make_seller
from tests.helpdesk.test_erase import erase
from tests.records import Helpdesk


def setup_module():
    activate_module('helpdesk_portal')


@with_transaction()
def test_erase():
    "X10: the links of who is erased open nothing and name nobody"
    pool = Pool()
    GuestLink = pool.get('helpdesk.guest_link')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ada = make_party()
    ticket = desk.make_ticket(party=ada, email='ada@example.org')
    token = GuestLink.make([ticket])[ticket].rpartition('/')[2]
    assert GuestLink.find(token)
    Ticket.close([ticket])

    erase(ada)

    link, = GuestLink.search([('ticket', '=', ticket.id)])
    assert link.email == '****'
    assert not GuestLink.find(token)


@with_transaction()
def test_links_are_for_agents():
    "SE12: who sees a ticket by its sale does not see its links"
    pool = Pool()
    GuestLink = pool.get('helpdesk.guest_link')
    desk = Helpdesk()
    ada = make_party()
    ticket = desk.make_ticket(
        party=ada, email='ada@example.org', sale=make_sale(desk, ada))
    GuestLink.make([ticket])
    user, context = desk.as_user(make_seller(desk))
    with user, context:
        assert ticket.__class__.search([])
        assert not GuestLink.search([])


@with_transaction()
def test_authorization():
    "X10, B13: the signature of who is erased goes, that they signed stays"
    pool = Pool()
    Authorization = pool.get('helpdesk.authorization')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ada = make_party()
    ticket = desk.make_ticket(
        party=ada, email='ada@example.org', state='open')
    Authorization.settle(
        Authorization.ask([(ticket, "Repair for 120 €?", True)]), 'granted', {
            'decided_by': "Ada Lovelace",
            'decided_email': 'ada@example.org',
            'decided_party': ada.id,
            'signature_kind': 'drawn',
            'signature_picture': b'picture',
            'ip_address': '192.0.2.1',
            'user_agent': "Browser",
            })
    Ticket.close([Ticket(ticket.id)])

    erase(ada)

    authorization, = Authorization.search([('ticket', '=', ticket.id)])
    assert (authorization.state, authorization.signature_kind) == (
        'granted', 'drawn')
    for name in ['decided_by', 'decided_email', 'signature_picture',
            'ip_address', 'user_agent']:
        assert not getattr(authorization, name), name
