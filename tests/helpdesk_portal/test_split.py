# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME

from . import tools
from .case import PortalTestCase


class SplitTestCase(PortalTestCase):
    "What was split off is seen by the ordinary rules (AG4)"

    def test_guest_links(self):
        "The link of the old ticket does not open the new one"
        number, token = self.ticket({'body': "One matter"})
        with self.transaction():
            Ticket = Pool(DB_NAME).get('helpdesk.ticket')
            moved = tools.say(
                self.record(number), "Other matter", minutes=1,
                files=[('plan.txt', b'the plan')])
            new = Ticket.split([moved])
            new_number, new_token = new.number, tools.link_token(new)
            attachment, = moved.__class__(moved.id).attachments
            address = f'/attachments/{attachment.id}'
        old = self.guest(number, token)
        page = self.page(old, number)
        self.assertIn("One matter", page)
        self.assertNotIn("Other matter", page)
        self.assertNotIn("plan.txt", page)
        self.assertEqual(
            old.get(f'{self.base}/tickets/{new_number}').status_code, 404)
        self.assertEqual(old.get(
                f'{self.base}/tickets/{new_number}{address}').status_code, 404)

        guest = self.guest(new_number, new_token)
        page = self.page(guest, new_number)
        self.assertIn("Other matter", page)
        self.assertNotIn("One matter", page)
        response = guest.get(f'{self.base}/tickets/{new_number}{address}')
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.data, b'the plan')


del PortalTestCase
