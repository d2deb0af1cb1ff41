# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import pytest
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.helpdesk.test_sales_staff import Case, outsiders
from tests.records import Helpdesk


def setup_module():
    activate_module('helpdesk')


@with_transaction()
def test_guess_what_belongs_to_a_ticket():
    "SE12, SE13: nobody guesses notes by searching for tickets that have them"
    pool = Pool()
    case = Case()
    drunk = ('body', 'ilike', '%drunk%')
    for user in outsiders(case):
        user, context = case.desk.as_user(user)
        with user, context:
            for name, domain in [
                    ('helpdesk.ticket', ('conversations.body', *drunk[1:])),
                    ('helpdesk.ticket', ('conversations', 'where', [drunk])),
                    ('helpdesk.ticket', ('conversations', 'ilike', '%dr%')),
                    ('helpdesk.ticket', [
                            ('id', '>', 0),
                            ['OR', [('conversations.words', *drunk[1:])]]]),
                    ('helpdesk.ticket', ('history', 'where', [
                                ('new', '=', 'open')])),
                    ('helpdesk.ticket', ('participants.email', '=', 'a')),
                    ('helpdesk.ticket', ('activities.what', '=', 'a')),
                    ('helpdesk.conversation', (
                            'ticket.conversations.body', *drunk[1:])),
                    ('helpdesk.conversation', ('ticket', 'where', [
                                ('conversations', 'where', [drunk])])),
                    ('ir.attachment', [
                            ('resource', '=', str(case.said)),
                            ('resource.ticket.conversations.body', *drunk[1:],
                                'helpdesk.conversation')])]:
                with pytest.raises(AccessError):
                    list(pool.get(name).search([domain]))
                with pytest.raises(AccessError):
                    pool.get(name).search_count([domain])


@with_transaction()
def test_guess_what_others_follow_up():
    "SE12: agents do not guess at tickets of sections that they do not see"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    with Transaction().set_context(desk.context):
        board = desk.make_section("Board", visibility='private')
    secret = desk.make_ticket(section=board, subject="Secret")
    desk.make_ticket(preceding=secret)
    user, context = desk.as_user(desk.agent)
    with user, context:
        for Model, clause in [
                (Ticket, ('preceding.subject', 'like', 'S%')),
                (Ticket, ('preceding', 'ilike', 'S%')),
                (Ticket, ('follow_ups.subject', 'like', 'S%')),
                (Ticket, (
                        'origin.subject', 'like', 'S%', 'helpdesk.ticket')),
                (Conversation, ('ticket.preceding.subject', 'like', 'S%'))]:
            with pytest.raises(AccessError):
                list(Model.search([clause]))
        for name in ['preceding', 'preceding.subject']:
            with pytest.raises(AccessError):
                list(Ticket.search([], order=[(name, 'ASC')]))
        for name in ['preceding', 'preceding.id']:
            assert list(Ticket.search([(name, '=', secret.id)]))


@with_transaction()
def test_search_by_what_is_seen():
    "What a client asks for by itself is found"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    Ticket = pool.get('helpdesk.ticket')
    case = Case()
    Conversation.create([{
                'ticket': case.ticket.id, 'kind': 'note',
                'direction': 'internal', 'body': "At last"}])
    user, context = case.desk.as_user(case.desk.agent)
    with user, context:
        for clause in [
                ('conversations.body', 'ilike', '%drunk%'),
                ('conversations', 'where', [('body', 'ilike', '%drunk%')]),
                ('sale', '=', case.sale.id),
                ('participants', '=', None),
                ('tags', '=', None),
                ('section.name', 'like', 'Supp%'),
                ('party.name', 'like', 'Ad%'),
                ('rec_name', 'ilike', '%drunk%'),
                ('preceding', '=', None),
                ('follow_ups', '=', None)]:
            assert case.ticket in list(Ticket.search([clause])), clause
        for name in ['party', 'section.name', 'number']:
            Ticket.search([], order=[(name, 'ASC')])
    for user in outsiders(case):
        user, context = case.desk.as_user(user)
        with user, context:
            for clause in [
                    ('sale', '=', case.sale.id),
                    ('party.name', 'like', 'Ad%'),
                    ('section.rec_name', 'ilike', 'Supp%'),
                    ('rec_name', 'ilike', '%burns%')]:
                assert list(Ticket.search([clause])) == [case.ticket], clause
            assert not list(Ticket.search([('rec_name', 'ilike', '%drunk%')]))
            assert list(Conversation.search([
                        ('ticket.number', '=', case.ticket.number)])) == [
                            case.said]
