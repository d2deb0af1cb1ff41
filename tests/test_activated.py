# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What holds for the three modules together, seen in a database.
"""
import unittest

import pytest
from lxml import etree
from trytond.model import ModelSQL
from trytond.pool import Pool
from trytond.tests.test_tryton import drop_db, with_transaction

from tests import sources, translations

pytestmark = pytest.mark.check


class ActivatedTestCase(unittest.TestCase):
    "The three modules with all that they may extend"
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        drop_db()
        translations.activate()
        cls.addClassCleanup(drop_db)

    @with_transaction()
    def test_translations(self):
        "All that people read is translated into each language"
        translations.collect()
        for module in translations.MODULES:
            terms = translations.terms(module)
            for language in translations.LANGUAGES:
                with self.subTest(module=module, language=language):
                    path = translations.path(module, language)
                    problems = list(translations.problems(
                            terms, translations.read(path)))
                    self.assertEqual(problems, [],
                        "run: make translations, and translate")

    @with_transaction()
    def test_messages(self):
        "Text that the source shows with gettext is there, and is shown"
        Message = Pool().get('ir.model.data')
        for module in translations.MODULES:
            known = {
                f'{module}.{m.fs_id}' for m in Message.search([
                        ('module', '=', module),
                        ('model', '=', 'ir.message')])}
            with self.subTest(module=module):
                self.assertEqual(
                    known, sources.messages_used(module, known))

    @with_transaction()
    def test_access(self):
        "No model is open to everybody by omission"
        Access = Pool().get('ir.model.access')
        guarded = {a.model for a in Access.search([])}
        for name, model in Pool().iterobject():
            if (not issubclass(model, ModelSQL)
                    or not name.startswith('helpdesk.')):
                continue
            with self.subTest(model=name):
                self.assertTrue(
                    name in guarded or model.__access__,
                    "no ir.model.access record")

    @with_transaction()
    def test_moments(self):
        "Lists have dates and times: the web client draws no others"
        View = Pool().get('ir.ui.view')
        for view in View.search([('type', '=', 'tree')]):
            if not view.model.startswith('helpdesk.'):
                continue
            Model = Pool().get(view.model)
            arch = Model.fields_view_get(view.id)['arch']
            wrong = [
                f.get('name') for f in etree.fromstring(arch).iter('field')
                if f.get('widget') not in {'date', 'time'}
                and Model._fields[f.get('name')]._type in {
                    'datetime', 'timestamp'}]
            with self.subTest(view=view.rec_name):
                self.assertEqual(wrong, [])
