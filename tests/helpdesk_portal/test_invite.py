# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import pytest
from trytond.model.exceptions import AccessError
from trytond.modules.helpdesk_portal.exceptions import LoginLinkError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.helpdesk.sales import make_party
from tests.records import Helpdesk


def setup_module():
    activate_module('helpdesk_portal')


def invite(desk, user, party, email=None):
    "Go through the wizard as the user; return the default of the address"
    pool = Pool()
    Invite = pool.get('helpdesk.portal.invite', type='wizard')
    user, context = desk.as_user(user)
    with user, context, Transaction().set_context(
            active_model='party.party', active_id=party.id,
            active_ids=[party.id]):
        session, _, _ = Invite.create()
        view = Invite.execute(session, {}, 'start')['view']
        Invite.execute(session, {'start': {
                    'party': party.id,
                    'email': email or view['defaults']['email'],
                    }}, 'send')
        Invite.delete(session)
        return view['defaults']['email']


@with_transaction()
def test_invite():
    "PO2: an agent sends a customer a link to the portal"
    pool = Pool()
    LoginLink = pool.get('helpdesk.login_link')
    desk = Helpdesk()
    ada = make_party(email='Ada@example.org')
    assert invite(desk, desk.agent, ada) == 'Ada@example.org'
    link, = LoginLink.search([])
    assert (link.purpose, link.email) == ('invite', 'ada@example.org')


@with_transaction()
def test_only_own_address():
    "Nobody is sent a link to what others wrote"
    desk = Helpdesk()
    ada = make_party(email='ada@example.org')
    with pytest.raises(LoginLinkError):
        invite(desk, desk.agent, ada, 'evil@example.org')


@with_transaction()
def test_without_address():
    desk = Helpdesk()
    with pytest.raises(LoginLinkError):
        invite(desk, desk.agent, make_party())


@with_transaction()
def test_deactivated():
    pool = Pool()
    User = pool.get('web.user')
    desk = Helpdesk()
    ada = make_party(email='ada@example.org')
    User.create([{'email': 'ada@example.org', 'active': False}])
    with pytest.raises(LoginLinkError):
        invite(desk, desk.agent, ada)


@with_transaction()
def test_too_often():
    desk = Helpdesk()
    ada = make_party(email='ada@example.org')
    for _ in range(5):
        invite(desk, desk.agent, ada)
    with pytest.raises(LoginLinkError):
        invite(desk, desk.agent, ada)


@with_transaction()
def test_access():
    "Agents may, other users may not"
    desk = Helpdesk()
    ada = make_party(email='ada@example.org')
    other = desk.make_user('other', [])
    other.groups = []
    other.save()
    with pytest.raises(AccessError):
        invite(desk, other, ada)


@with_transaction()
def test_replace():
    "The account goes with the party that replaces another"
    pool = Pool()
    Replace = pool.get('party.replace', type='wizard')
    User = pool.get('web.user')
    ada, other = make_party(email='ada@example.org'), make_party()
    user = User.helpdesk_account('ada@example.org')
    assert user.party == ada
    session, _, _ = Replace.create()
    wizard = Replace(session)
    wizard.ask.source, wizard.ask.destination = ada, other
    wizard.transition_replace()
    # It goes around the records
    for cache in Transaction().cache.values():
        cache.clear()
    assert User(user.id).party == other
