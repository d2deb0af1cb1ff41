# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"Fill the new database: python -m demo.fill SETTINGS"
import sys

from proteus import config

from ..settings import DATABASE, Settings
from . import company, past, portal, staff, support, trade


def main(settings):
    config.set_trytond(
        f'sqlite:///{DATABASE}', user='admin',
        config_file=str(settings.config))
    ribera = company.fill()
    employees = staff.fill(ribera)
    trade.fill()
    section = support.fill(ribera, employees)
    portal.fill(ribera, section)
    past.fill()
    company.skip_module_wizard()


if __name__ == '__main__':
    main(Settings.from_arguments(sys.argv[1:]))
