# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What holds for the three modules together, seen in a database.
"""
import unittest

import pytest
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
