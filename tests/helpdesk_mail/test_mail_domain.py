# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import pytest
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.helpdesk_mail.test_unknown_sender import make_party


def setup_module():
    activate_module('helpdesk_mail')


@with_transaction()
def test_free_mail():
    "PO4: a domain where anybody gets an address is of no organisation"
    from trytond.modules.helpdesk_mail.exceptions import DomainError
    for domain in ['gmail.com', 'Yahoo.co.uk', 'gmx.net', 'movistar.es']:
        with pytest.raises(DomainError, match="Anybody"):
            make_party("Engines", domains=[domain])


@with_transaction()
def test_no_domain():
    "PO4: what is no domain is refused in plain words"
    from trytond.modules.helpdesk_mail.exceptions import DomainError
    for domain in ['ann@example.com', 'example', 'a b.example']:
        with pytest.raises(DomainError, match="not a domain"):
            make_party("Engines", domains=[domain])


@with_transaction()
def test_copied_and_replaced():
    "PO4: a domain stays with its party, or goes where the party goes"
    pool = Pool()
    Party = pool.get('party.party')
    Replace = pool.get('party.replace', type='wizard')
    one = make_party("One", domains=['example.org'])
    # Tryton warns before it replaces one by another with another name
    two = make_party("One", domains=['example.org', 'example.net'])
    copy, = Party.copy([one])
    assert not copy.mail_domains

    session_id, _, _ = Replace.create()
    replace = Replace(session_id)
    replace.ask.source = one
    replace.ask.destination = two
    replace.transition_replace()
    assert {d.domain for d in Party(two.id).mail_domains} == {
        'example.org', 'example.net'}
    assert not Party(one.id).mail_domains
