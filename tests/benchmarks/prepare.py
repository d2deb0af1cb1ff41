# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Make the database to measure in: a helpdesk with an inbox and customers.

A process of its own, because records for tests turn on Tryton's own checks.
As a program: python -m tests.benchmarks.prepare DATABASE [MODULE ...]
"""
import sys

from .letters import CUSTOMERS, Customer
from .place import Place

ADDRESS = 'support@example.com'
AGENT = 'agent'
# Half of the customers are known before they write
KNOWN = CUSTOMERS // 2


def main(name, *modules):
    place = Place(name)
    place.create(list(modules))
    from trytond.pool import Pool
    from trytond.transaction import Transaction

    from tests.records import Helpdesk
    pool = Pool(name)
    with Transaction().start(name, 0, readonly=True):
        pool.init()
    # Tryton locks a singleton to make it
    with Transaction().start(
            name, 1, _lock_tables=['helpdesk_configuration']):
        Inbox = pool.get('inbound.email.inbox')
        Party = pool.get('party.party')
        Helpdesk(mail_address=ADDRESS, subaddress=True)
        Inbox(name="Support").save()
        customers = map(Customer, range(KNOWN))
        Party.create([{
                    'name': customer.name,
                    'addresses': [],
                    'contact_mechanisms': [('create', [{
                                    'type': 'email',
                                    'value': customer.email,
                                    }])],
                    } for customer in customers])


if __name__ == '__main__':
    main(*sys.argv[1:])
