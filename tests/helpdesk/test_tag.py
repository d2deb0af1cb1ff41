# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import pytest
from trytond.exceptions import UserError
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.records import Helpdesk


def setup_module():
    activate_module('helpdesk')


@with_transaction()
def test_tags():
    "C17: agents put tags on tickets and find them by tags"
    pool = Pool()
    Tag = pool.get('helpdesk.tag')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    vip, fire = Tag.create([{'name': "vip"}, {'name': "fire"}])
    ticket, _ = desk.make_ticket(), desk.make_ticket()
    user, context = desk.as_user(desk.agent)
    with user, context:
        Ticket.write([Ticket(ticket.id)], {
                'tags': [('add', [vip.id, fire.id])]})
        assert Ticket(ticket.id).tag_names == "fire, vip"
        for clause in [
                ('tags', '=', vip.id), ('tag_names', 'ilike', "fi%")]:
            assert list(Ticket.search([clause])) == [ticket]
        Ticket.write([Ticket(ticket.id)], {'tags': [('remove', [vip.id])]})
        assert Ticket(ticket.id).tag_names == "fire"


@with_transaction()
def test_tag_names_are_unique():
    pool = Pool()
    Tag = pool.get('helpdesk.tag')
    Tag.create([{'name': "vip"}])
    with pytest.raises(UserError, match="tag"):
        Tag.create([{'name': "vip"}])


@with_transaction()
def test_tags_of_hidden_tickets():
    "SE12: the tags of a hidden ticket are neither read nor changed"
    pool = Pool()
    Tag = pool.get('helpdesk.tag')
    Relation = pool.get('helpdesk.ticket-helpdesk.tag')
    desk = Helpdesk(visibility='private')
    tag, other = Tag.create([{'name': "vip"}, {'name': "fire"}])
    ticket = desk.make_ticket(tags=[tag])
    relation, = Relation.search([])
    user, context = desk.as_user(desk.make_user('other', []))
    with user, context:
        assert not Relation.search([])
        with pytest.raises(AccessError):
            Relation.read([relation.id], ['tag'])
        with pytest.raises(AccessError):
            Relation.delete([Relation(relation.id)])
        with pytest.raises(AccessError):
            Relation.create([{'ticket': ticket.id, 'tag': other.id}])


@with_transaction()
def test_follow_up_keeps_tags():
    "What follows a ticket up is found by the same words"
    pool = Pool()
    Tag = pool.get('helpdesk.tag')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    tags = Tag.create([{'name': "vip"}])
    ticket = desk.make_ticket(tags=tags)
    with Transaction().set_context(desk.context):
        follow_up, = Ticket.create([ticket.follow_up_values()])
    assert follow_up.tag_names == "vip"
