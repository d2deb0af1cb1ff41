# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"A company in Barcelona that sells and repairs coffee machines"
from decimal import Decimal

from proteus import Model

from ..settings import SUPPORT
from .records import language, make


def fill():
    euro = _currency()
    country = make('country.country', name="Spain", code='ES', code3='ESP')
    party = make('party.party', name="Cafeteras Ribera", lang=language('es'))
    address, = party.addresses
    address.street = "Carrer de la Ribera, 12"
    address.postal_code = '08003'
    address.city = "Barcelona"
    address.country = country
    party.contact_mechanisms.new(type='email', value=SUPPORT)
    party.save()
    return make(
        'company.company', party=party, currency=euro,
        timezone='Europe/Madrid')


def _currency():
    euro = Model.get('currency.currency')(
        name="Euro", symbol='€', code='EUR', numeric_code='978',
        rounding=Decimal('0.01'), digits=2)
    euro.rates.new(rate=Decimal(1))
    euro.save()
    return euro


def skip_module_wizard():
    "Spare whoever logs in the questions asked after a first activation"
    Item = Model.get('ir.module.config_wizard.item')
    items = Item.find([('state', '=', 'open')])
    for item in items:
        item.state = 'done'
    Item.save(items)
