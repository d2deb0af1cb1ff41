# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import re

from trytond.model import DictSchemaMixin, ModelSQL
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.wsgi import app

from tests.environment import ROOT

# What other modules or Tryton itself give to many models
TRYTON = {
    'attachments', 'create_date', 'create_uid', 'help_selection_json', 'id',
    'is_chat', 'last_modified_at', 'messages', 'notes', 'online_signature',
    'rec_name', 'selection_json', 'write_date', 'write_uid', 'xml_id'}
# Models for the code alone, which no client sees
INTERNAL = {
    'helpdesk.board.session', 'helpdesk.board.token', 'helpdesk.mail.key',
    'helpdesk.mail.newcomer', 'helpdesk.notice',
    'helpdesk.portal.attempt', 'helpdesk.portal.nonce',
    'helpdesk.rating.request', 'helpdesk.stopwatch', 'helpdesk.ticket.writer',
    'helpdesk.web_request', 'helpdesk.web_request.file',
    'helpdesk.work_calendar.opening'}
# Parts of the configuration, and tables of relations
PARTS = re.compile(r'helpdesk\.configuration\..*|.*-.*|.*responsible')
# Those with the figures of the main report, by something or over time
REPORTS = re.compile(r'helpdesk\.reporting\.(?!main$|backlog$).*')


def setup_module():
    activate_module([
            'helpdesk_portal', 'sale_complaint', 'sale_opportunity',
            'timesheet'])


def reference():
    return (ROOT / 'doc' / 'reference.rst').read_text(encoding='utf-8')


def described():
    "Return the names of the fields that the reference has, by model"
    chapters = re.split(
        r'^[^\n]*: ``([\w.]+)``\n=+\n', reference(), flags=re.M)
    return {
        model: re.findall(r'^``(\w+)``$', text, re.M)
        for model, text in zip(chapters[1::2], chapters[2::2])}


@with_transaction()
def test_fields():
    "The reference has all models and fields that there are, and no others"
    pool = Pool()
    fields = described()
    models = {
        name for name, Model in pool.iterobject()
        if name.startswith('helpdesk.') and issubclass(Model, ModelSQL)
        and name not in INTERNAL and not PARTS.fullmatch(name)
        and not REPORTS.fullmatch(name)}
    assert models <= set(fields)
    for model, names in fields.items():
        Model = pool.get(model)
        existing = set(Model._fields)
        assert set(names) <= existing, model
        assert names == sorted(names), model
        if issubclass(Model, DictSchemaMixin):
            existing -= set(dir(DictSchemaMixin))
        if model in models:
            assert existing - TRYTON - set(names) == set(), model


@with_transaction()
def test_names():
    "It has all buttons, scheduled actions and models with rights"
    pool = Pool()
    Access = pool.get('ir.model.access')
    Button = pool.get('ir.model.button')
    Cron = pool.get('ir.cron')
    text = reference()
    for button in Button.search([('model', 'like', 'helpdesk.%')]):
        assert f'``{button.name}``' in text, button.rec_name
    for cron in Cron.search([('method', 'like', 'helpdesk.%')]):
        assert f'``{cron.method}``' in text
    for access in Access.search([('model', 'like', 'helpdesk.%')]):
        # The variants of the main report have the rights that it has
        assert access.model in text or REPORTS.fullmatch(access.model)


def test_addresses():
    "It has all pages of the portal, in order"
    base = '/<database_name>/helpdesk/'
    # That for what does not exist is no page
    rules = [
        r for r in app.url_map.iter_rules()
        if r.rule.startswith(base) and r.rule != f'{base}<path:anything>']
    pages = {
        (_path(r.rule.removeprefix(base[:-1])), method)
        for r in rules for method in r.methods - {'HEAD', 'OPTIONS'}}
    described = re.findall(
        r'^``(/[^`]*)`` +(GET|POST)\b', reference(), flags=re.M)
    assert described == sorted(pages)


def _path(rule):
    rule = rule.replace('<path:number>', '<number>')
    return re.sub('^/(new|embed)/<id>', r'/\1/<section>', rule)
