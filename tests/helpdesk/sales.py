# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Sales, and the people who make them.
"""
from decimal import Decimal

from trytond.pool import Pool
from trytond.transaction import Transaction


def make_seller(desk, login='seller', sections=(), groups=()):
    "Return a user of the sales staff, who is no agent without sections"
    pool = Pool()
    ModelData = pool.get('ir.model.data')
    User = pool.get('res.user')
    user = desk.make_user(login, list(sections))
    user.groups = [
        ModelData.get_id(*group) for group in [
            ('sale', 'group_sale'), *groups,
            *([('helpdesk', 'group_helpdesk')] if sections else [])]]
    User.save([user])
    return user


def make_party(name="Ada", email=None):
    pool = Pool()
    Party = pool.get('party.party')
    party = Party(name=name)
    if email:
        party.contact_mechanisms = [{'type': 'email', 'value': email}]
    party.save()
    return party


def make_product(name="Printer"):
    pool = Pool()
    Template = pool.get('product.template')
    Uom = pool.get('product.uom')
    unit, = Uom.search([('name', '=', "Unit")])
    template = Template(
        name=name, type='goods', default_uom=unit, salable=True,
        sale_uom=unit, products=[{}])
    template.save()
    product, = template.products
    return product


def make_sale(desk, party, products=(), **values):
    pool = Pool()
    Sale = pool.get('sale.sale')
    with Transaction().set_context(desk.context):
        sale = Sale(
            party=party, company=desk.company,
            currency=desk.company.currency, **values)
        sale.lines = [{
                'type': 'line', 'product': p.id, 'quantity': 1,
                'unit': p.default_uom.id, 'unit_price': Decimal('10'),
                } for p in products]
        sale.save()
    return sale
