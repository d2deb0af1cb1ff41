# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.modules.company.tests import CompanyTestMixin
from trytond.tests.test_tryton import ModuleTestCase, with_transaction


class HelpdeskPortalTestCase(CompanyTestMixin, ModuleTestCase):
    "The generic checks of Tryton hold for the module helpdesk_portal"
    module = 'helpdesk_portal'

    @with_transaction(user=0)
    def test_wizards(self):
        # That of the board is for agents, which the administrator is not
        super().test_wizards.__wrapped__(self)


del ModuleTestCase
