# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"Shorter ways to say what the other files say often"
from proteus import Model


def make(model, **values):
    record = Model.get(model)(**values)
    record.save()
    return record


def one(model, *domain):
    record, = Model.get(model).find(list(domain))
    return record


def ref(model, xml_id):
    "The record that a module's XML calls module.id"
    data = Model.get('ir.model.data')
    return Model.get(model)(data.get_id(*xml_id.split('.'), {}))


def language(code):
    return one('ir.lang', ('code', '=', code))
