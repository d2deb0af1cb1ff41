# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.records import Helpdesk


def setup_module():
    activate_module('helpdesk')


def talk(ticket, *names, **values):
    "Say something with files, and return it"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    conversation, = Conversation.create([{
                'ticket': ticket.id, 'kind': 'phone', 'direction': 'out',
                'attachments': [('create', [
                            {'name': n, 'data': n.encode()} for n in names])],
                **values}])
    return conversation


def attach(record, name):
    "Attach a file with the client's own button"
    pool = Pool()
    Attachment = pool.get('ir.attachment')
    Attachment.create([{
                'name': name, 'data': name.encode(),
                'resource': str(record)}])


def names(desk, user, tickets):
    "Return the names of the files that the user sees in each ticket"
    pool = Pool()
    Attachment = pool.get('ir.attachment')
    Ticket = pool.get('helpdesk.ticket')
    user, context = desk.as_user(user)
    with user, context:
        rows = Ticket.read([t.id for t in tickets], ['files'])
        files = {r['id']: r['files'] for r in rows}
        # As the client does, with the rights of the user
        return [
            [Attachment.read([f], ['name'])[0]['name'] for f in files[t.id]]
            for t in tickets]


@with_transaction()
def test_files():
    "E7: all files of a ticket and what was said in it, the newest first"
    pool = Pool()
    Attachment = pool.get('ir.attachment')
    desk = Helpdesk()
    tickets = [desk.make_ticket() for _ in range(3)]
    talk(tickets[0], 'a.txt', 'b.txt')
    attach(tickets[0], 'c.txt')
    talk(tickets[1], 'd.txt')
    talk(tickets[0], 'e.txt')
    # Made in one transaction, they are of one time
    table = Attachment.__table__()
    Transaction().connection.cursor().execute(*table.update(
            [table.create_date], [dt.datetime(2030, 1, 1)],
            where=table.name == 'a.txt'))

    assert names(desk, desk.agent, tickets) == [
        ['a.txt', 'e.txt', 'c.txt', 'b.txt'], ['d.txt'], []]


@with_transaction()
def test_files_of_notes():
    "SE12: who may not read a note does not see its files"
    pool = Pool()
    ModelData = pool.get('ir.model.data')
    RuleGroup = pool.get('ir.rule.group')
    desk = Helpdesk()
    ticket = desk.make_ticket()
    talk(ticket, 'a.txt')
    talk(ticket, 'secret.txt', kind='note', direction='internal')
    attach(ticket, 'c.txt')
    RuleGroup.create([{
                'name': "What the customer hears",
                'model': 'helpdesk.conversation',
                'global_p': False,
                'groups': [('add', [ModelData.get_id(
                                'helpdesk', 'group_helpdesk_manager')])],
                'rules': [('create', [
                            {'domain': '[["direction", "!=", "internal"]]'},
                            ])],
                }])

    assert names(desk, desk.agent, [ticket]) == [
        ['c.txt', 'secret.txt', 'a.txt']]
    assert names(desk, desk.manager, [ticket]) == [['c.txt', 'a.txt']]


@with_transaction()
def test_view():
    "E7: the views of the ticket are its own, Tryton's stay as they are"
    pool = Pool()
    Attachment = pool.get('ir.attachment')
    ModelData = pool.get('ir.model.data')
    for kind, usual in [('list', 'tree'), ('form', 'form')]:
        own = Attachment.fields_view_get(
            ModelData.get_id('helpdesk', f'ticket_file_view_{kind}'))
        shown = Attachment.fields_view_get(view_type=own['type'])

        assert {'name', 'data', 'resource', 'last_modification'} <= set(
            own['fields'])
        assert shown['view_id'] == ModelData.get_id(
            'ir', f'attachment_view_{usual}')
