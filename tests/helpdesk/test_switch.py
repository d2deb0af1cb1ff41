# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from lxml import etree
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.records import Helpdesk

# What each switch hides: model, kind of view, tag and name
HIDDEN = [
    ('use_types', 'helpdesk.ticket', 'form', 'field', 'type'),
    ('use_types', 'helpdesk.ticket', 'form', 'label', 'type'),
    ('use_types', 'helpdesk.section', 'form', 'field', 'ticket_type'),
    ('use_categories', 'helpdesk.ticket', 'form', 'field', 'category'),
    ('use_products', 'helpdesk.ticket', 'form', 'field', 'product'),
    ('use_sales', 'helpdesk.ticket', 'form', 'field', 'sale'),
    ('use_sales', 'helpdesk.ticket', 'form', 'page', 'sales'),
    ('use_sales', 'helpdesk.ticket', 'form', 'button', 'create_sale'),
    ('use_participants', 'helpdesk.ticket', 'form', 'field', 'participants'),
    ('use_third_party', 'helpdesk.ticket', 'form', 'button',
        'wait_third_party'),
    ('use_ratings', 'helpdesk.ticket', 'form', 'field', 'rating'),
    ('use_ratings', 'helpdesk.ticket', 'form', 'field', 'ratings'),
    ('use_ratings', 'helpdesk.ticket', 'tree', 'field', 'rating'),
    ('use_ratings', 'helpdesk.section', 'tree', 'field', 'rating_average'),
    ('use_authorization', 'helpdesk.ticket', 'form', 'button',
        'ask_authorization'),
    ('use_authorization', 'helpdesk.ticket', 'form', 'field',
        'authorizations'),
    ]
MENUS = {
    'use_types': 'menu_type_form',
    'use_categories': 'menu_category_form',
    'use_ratings': 'menu_rating_list',
    }


def setup_module():
    activate_module('helpdesk')


def switch(**values):
    pool = Pool()
    Configuration = pool.get('helpdesk.configuration')
    configuration = Configuration(1)
    for name, value in values.items():
        setattr(configuration, name, value)
    configuration.save()


def is_shown(model, type, tag, name):
    "Tell if the element is in the view"
    pool = Pool()
    Model = pool.get(model)
    view = Model.fields_view_get(view_type=type)
    tree = etree.fromstring(view['arch'])
    return bool(tree.xpath(f'//{tag}[@name="{name}"]'))


def menus():
    pool = Pool()
    Menu = pool.get('ir.ui.menu')
    ModelData = pool.get('ir.model.data')
    return {
        switch for switch, menu in MENUS.items()
        if Menu.search([('id', '=', ModelData.get_id('helpdesk', menu))])}


@with_transaction()
def test_all_parts_are_on():
    "C1: whatever is optional is there until it is switched off"
    pool = Pool()
    Configuration = pool.get('helpdesk.configuration')
    assert all(getattr(Configuration(1), n) for n in Configuration.parts())
    for _, *what in HIDDEN:
        assert is_shown(*what), what
    assert menus() == set(MENUS)


@with_transaction()
def test_switches():
    "C1: a switch hides its fields, buttons and menus, and nothing else"
    for name in sorted({s for s, *_ in HIDDEN}):
        switch(**{name: False})
        for other, *what in HIDDEN:
            assert is_shown(*what) == (other != name), (name, what)
        assert menus() == MENUS.keys() - {name}
        switch(**{name: True})
        for _, *what in HIDDEN:
            assert is_shown(*what), (name, what)
        assert menus() == set(MENUS)


@with_transaction()
def test_is_on():
    "C1: whether a part is on can be asked at no cost"
    pool = Pool()
    Configuration = pool.get('helpdesk.configuration')
    assert Configuration.is_on('use_ratings')
    with Statements() as statements:
        assert Configuration.is_on('use_ratings')
    assert not statements.count
    switch(use_ratings=False)
    assert not Configuration.is_on('use_ratings')
    switch(use_ratings=True)
    assert Configuration.is_on('use_ratings')


@with_transaction()
def test_columns_of_lists():
    "C1: a part that is off is no column of a list either"
    pool = Pool()
    Configuration = pool.get('helpdesk.configuration')
    tree = etree.fromstring('''
        <tree>
            <field name="subject"/>
            <field name="type"/>
        </tree>''')
    switch(use_types=False)
    Configuration.hide('helpdesk.ticket', tree, 'tree')
    assert [e.get('name') for e in tree] == ["subject"]


@with_transaction()
def test_pages():
    "C1: a page disappears with all that is on it"
    pool = Pool()
    Configuration = pool.get('helpdesk.configuration')
    tree = etree.fromstring('''
        <form>
            <notebook>
                <page string="Custom Fields" id="attributes">
                    <field name="attributes"/>
                </page>
                <page string="Details" id="details">
                    <field name="subject"/>
                </page>
            </notebook>
        </form>''')
    switch(use_attributes=False)
    Configuration.hide('helpdesk.ticket', tree, 'form')
    assert [p.get('id') for p in tree.iter('page')] == ["details"]


@with_transaction()
def test_data_stays():
    "C1: what was stored is there again when the part is switched on"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    Type = pool.get('helpdesk.type')
    desk = Helpdesk()
    question, = Type.create([{'name': "Question"}])
    ticket = desk.make_ticket(type=question)
    switch(use_types=False)
    assert Ticket(ticket.id).type == question
    Ticket.write([Ticket(ticket.id)], {'subject': "Another"})
    switch(use_types=True)
    assert Ticket(ticket.id).type == question


@with_transaction()
def test_hidden_menu_of_somebody():
    "C1: saving other settings does not bring back what was hidden by hand"
    pool = Pool()
    Menu = pool.get('ir.ui.menu')
    ModelData = pool.get('ir.model.data')
    desk = Helpdesk()
    menu = Menu(ModelData.get_id('helpdesk', MENUS['use_types']))
    Menu.write([menu], {'active': False})
    with Transaction().set_context(desk.context):
        switch(use_categories=False, default_section=desk.section)
    others = MENUS.keys() - {'use_types', 'use_categories'}
    assert menus() == others
    switch(use_categories=True)
    assert menus() == others | {'use_categories'}


@with_transaction()
def test_upgrade():
    "A configuration that was saved before there were switches has all on"
    pool = Pool()
    Configuration = pool.get('helpdesk.configuration')
    Configuration(1).save()
    assert not Configuration.switched_off()
    cursor = Transaction().connection.cursor()
    for name in Configuration.parts():
        cursor.execute(
            f'ALTER TABLE "{Configuration._table}" DROP COLUMN "{name}"')
    Configuration.__register__('helpdesk')
    for cache in Transaction().cache.values():
        cache.clear()
    assert not Configuration.switched_off()
