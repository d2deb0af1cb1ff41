# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import pytest
from trytond.model.exceptions import SQLConstraintError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.helpdesk_mail.test_receive import deliver, helpdesk, sent
from tests.records import letter


def setup_module():
    activate_module('helpdesk_mail')


def two_sections():
    desk = helpdesk()
    with Transaction().set_context(desk.context):
        sales = desk.make_section(
            "Sales", mail_address='sales@example.com',
            addresses=[{'address': ' Offers@Example.com '}])
    return desk, sales


@with_transaction()
def test_other_addresses():
    "C12: a section receives at several addresses, also with a plus sign"
    desk, sales = two_sections()
    assert [a.address for a in sales.addresses] == ['offers@example.com']
    mails = deliver(
        letter("one", to='sales@example.com'),
        letter("two", to='OFFERS@example.com'),
        letter("three", to='offers+x@example.com'),
        letter("four", to='support@example.com'))

    assert [m.ticket.section for m in mails] == [
        sales, sales, sales, desk.section]
    confirmation, = sent(mails[1].ticket)
    assert confirmation.message_id.endswith('@example.com')


@with_transaction()
def test_other_addresses_are_ours():
    "C12, ML14: no letter comes from them, and nobody is in copy there"
    two_sections()
    own, copied = deliver(
        letter("one", sender='offers@example.com'),
        letter("two", to='support@example.com',
            Cc='offers@example.com, bob@example.net'))

    assert (own.state, own.reason_key) == ('ignored', 'own')
    assert [p.email for p in copied.ticket.participants] == [
        'bob@example.net']


@with_transaction()
def test_address_of_one_section():
    "C12: an address is that of one section only"
    from trytond.modules.helpdesk_mail.exceptions import AddressError
    pool = Pool()
    Address = pool.get('helpdesk.section.address')
    desk, sales = two_sections()
    with pytest.raises(AddressError, match="Support"):
        Address.create([{
                    'section': sales.id, 'address': 'support@example.com'}])
    with pytest.raises(AddressError, match="Sales"):
        desk.section.mail_address = 'offers@example.com'
        desk.section.save()
    with pytest.raises(AddressError, match="not a mail address"):
        Address.create([{'section': sales.id, 'address': 'offers'}])
    with pytest.raises(SQLConstraintError):
        Address.create([{
                    'section': desk.section.id,
                    'address': 'offers@example.com'}])


@with_transaction()
def test_copied_section():
    "C12: the copy of a section has no addresses of the other one"
    pool = Pool()
    Section = pool.get('helpdesk.section')
    _, sales = two_sections()
    copy, = Section.copy([sales], {'mail_address': None})

    assert not copy.addresses
    assert len(Section(sales.id).addresses) == 1


@with_transaction()
def test_forwarded():
    "C13: what another address forwards finds the section it is for"
    _, sales = two_sections()
    address = sales.inbound_address
    assert address.startswith('sales+in-')
    for header in ['Delivered-To', 'X-Original-To', 'X-Forwarded-To']:
        mail, = deliver(letter(
                header, to='old@example.net', **{header: f'<{address}>'}))
        assert mail.ticket.section == sales
    mail, = deliver(letter("four", to=address.upper()))
    assert mail.ticket.section == sales


@with_transaction()
def test_forwarded_before_address():
    "C13: where it was forwarded to goes before whom it was written to"
    desk, sales = two_sections()
    mail, = deliver(letter(
            "one", to='sales@example.com',
            Delivered_To=desk.section.inbound_address))

    assert mail.ticket.section == desk.section


@with_transaction()
def test_forged_address():
    "C13: nobody can make up an address for another section"
    desk, sales = two_sections()
    number = desk.section.inbound_address.replace(
        f'+in-{desk.section.id}-', f'+in-{sales.id}-')
    mail, = deliver(letter("one", to=number))

    assert mail.ticket.section == desk.section
