# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Customers, products and sales.

No chart of accounts: what the sales need neither invoices nor ships.
"""
import datetime as dt
from decimal import Decimal

from proteus import Model

from .records import language, make, one

CUSTOMERS = {
    'cafe': (
        "Café Central", 'es', 'lucia@cafecentral.example',
        '+34 910 000 101', "Calle Mayor, 3", '28013', "Madrid"),
    'puig': (
        "Jordi Puig", 'ca', 'jordi@puig.example',
        '+34 930 000 102', "Carrer Nou, 45", '17001', "Girona"),
    'harbour': (
        "Harbour Tea Room", 'en', 'tom@harbourtea.example',
        '+44 20 7946 0103', "2 Quay Street", 'BS1 4QA', "Bristol"),
    'fonda': (
        "Fonda del Mar", 'ca', 'fonda@fondadelmar.example',
        '+34 930 000 104', "Passeig Marítim, 8", '08870', "Sitges"),
    }
PRODUCTS = {
    'one': ("Espresso machine Ribera One", 'RIB-1', '389.00'),
    'two': ("Espresso machine Ribera Dos", 'RIB-2', '1450.00'),
    'grinder': ("Coffee grinder", 'GRI-1', '129.00'),
    'kit': ("Descaling kit", 'KIT-1', '14.50'),
    }
SALES = [
    ('cafe', 40, [('two', 1), ('grinder', 2), ('kit', 6)], 'process'),
    ('puig', 9, [('one', 1), ('grinder', 1)], 'process'),
    ('harbour', 21, [('two', 1), ('kit', 2)], 'process'),
    ('fonda', 2, [('kit', 10)], 'quote'),
    ]


def fill():
    customers = {key: _customer(*CUSTOMERS[key]) for key in CUSTOMERS}
    products = {key: _product(*PRODUCTS[key]) for key in PRODUCTS}
    for customer, days, lines, until in SALES:
        _sale(
            customers[customer], days,
            [(products[product], quantity) for product, quantity in lines],
            until)


def _customer(name, code, email, phone, street, postal_code, city):
    party = Model.get('party.party')(name=name, lang=language(code))
    address, = party.addresses
    address.street = street
    address.postal_code = postal_code
    address.city = city
    party.contact_mechanisms.new(type='email', value=email)
    party.contact_mechanisms.new(type='phone', value=phone)
    party.save()
    return party


def _product(name, code, price):
    unit = one('product.uom', ('symbol', '=', 'u'))
    template = make(
        'product.template', name=name, code=code, default_uom=unit,
        type='goods', salable=True, list_price=Decimal(price))
    product, = template.products
    return product


def _sale(party, days, lines, until):
    sale = Model.get('sale.sale')(party=party)
    sale.sale_date = dt.date.today() - dt.timedelta(days=days)
    sale.invoice_method = 'manual'
    sale.shipment_method = 'manual'
    for product, quantity in lines:
        line = sale.lines.new(product=product)
        line.quantity = quantity
    sale.save()
    sale.click('quote')
    if until == 'process':
        sale.click('confirm')
