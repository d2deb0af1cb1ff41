# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.modules.company.tests import CompanyTestMixin
from trytond.tests.test_tryton import ModuleTestCase


class HelpdeskTestCase(CompanyTestMixin, ModuleTestCase):
    "The generic checks of Tryton hold for the module helpdesk"
    module = 'helpdesk'
    extras = ['timesheet']


class HelpdeskAloneTestCase(CompanyTestMixin, ModuleTestCase):
    "They hold for it without what is optional"
    module = 'helpdesk'
    # Views of what is optional are not used
    test_view = None


del ModuleTestCase
