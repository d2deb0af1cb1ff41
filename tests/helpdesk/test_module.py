# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import inspect

from trytond.convert import TrytondXmlHandler
from trytond.modules import get_module_info
from trytond.modules.company.tests import CompanyTestMixin
from trytond.pool import Pool
from trytond.tests.test_tryton import (
    ModuleTestCase, activate_module, with_transaction)
from trytond.tools import file_open


class HelpdeskTestCase(CompanyTestMixin, ModuleTestCase):
    "The generic checks of Tryton hold for the module helpdesk"
    module = 'helpdesk'
    extras = ['sale_complaint', 'sale_opportunity', 'timesheet']


class HelpdeskAloneTestCase(CompanyTestMixin, ModuleTestCase):
    "They hold for it without what is optional"
    module = 'helpdesk'
    # Views of what is optional are not used
    test_view = None


# Tryton 8.2 finds out itself where what a file includes is
PLACE = {'base_path': ''} if 'base_path' in inspect.signature(
    TrytondXmlHandler.parse_xmlstream).parameters else {}


def test_activate_more():
    "C9: what the helpdesk can use can be activated when it is in use"
    activate_module('helpdesk')
    read_again()


@with_transaction()
def read_again():
    # As Tryton does when one of the modules in extras_depend is activated
    pool = Pool()
    Module = pool.get('ir.module')
    modules = {m.name for m in Module.search([('state', '=', 'activated')])}
    parser = TrytondXmlHandler(pool, 'helpdesk', 'to activate', modules, [])
    for path in get_module_info('helpdesk')['xml']:
        with file_open(f'helpdesk/{path}', 'rb') as source:
            parser.parse_xmlstream(source, **PLACE)


del ModuleTestCase
