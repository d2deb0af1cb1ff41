# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"Who works at the company, and what each may do"
from proteus import Model, config

from ..settings import DOMAIN, PASSWORD
from .records import language, make, one, ref

AGENT = [
    'helpdesk.group_helpdesk', 'sale.group_sale',
    'sale_opportunity.group_opportunity']
MANAGER = [*AGENT, 'helpdesk.group_helpdesk_manager']
ADMIN = [*MANAGER, 'helpdesk.group_helpdesk_admin']
STAFF = [
    ('ana', "Ana Molina", 'es', AGENT),
    ('joan', "Joan Serra", 'ca', AGENT),
    ('marta', "Marta Vidal", 'en', MANAGER),
    ]


def fill(company):
    admin = one('res.user', ('login', '=', 'admin'))
    _let_work_for(admin, company)
    admin.language = language('en')
    _add_groups(admin, ADMIN)
    admin.save()
    _reload_context()
    return {
        login: _hire(company, login, name, code, groups)
        for login, name, code, groups in STAFF}


def _hire(company, login, name, code, groups):
    party = Model.get('party.party')(name=name, lang=language(code))
    party.contact_mechanisms.new(type='email', value=f'{login}@{DOMAIN}')
    party.save()
    employee = make('company.employee', party=party, company=company)
    user = Model.get('res.user')(
        login=login, name=name, password=PASSWORD,
        email=f'{login}@{DOMAIN}', language=language(code))
    _let_work_for(user, company)
    user.employees.append(employee)
    user.employee = employee
    _add_groups(user, groups)
    user.save()
    return employee


def _let_work_for(user, company):
    user.companies.append(Model.get('company.company')(company.id))
    user.company = company


def _add_groups(user, xml_ids):
    held = {group.id for group in user.groups}
    for xml_id in xml_ids:
        group = ref('res.group', xml_id)
        if group.id not in held:
            user.groups.append(group)


def _reload_context():
    "The company and the groups of the user hold from the next request on"
    current = config.get_config()
    current._context = Model.get('res.user').get_preferences(
        True, current.context)
    # Fields that only members of the groups have
    Model.reset(current)
