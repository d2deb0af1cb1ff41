# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

"""
Texts that nobody finds by their value.

Tryton checks who may read the fields that a search names, but not those
within the operator where: so whoever sees a section could guess the password
of its mail server, letter by letter.
"""
from trytond.i18n import gettext
from trytond.model import fields
from trytond.model.exceptions import AccessError


class _Secret:

    def convert_domain(self, domain, tables, Model):
        self._refuse(Model)

    def convert_order(self, name, tables, Model):
        self._refuse(Model)

    def _refuse(self, Model):
        raise AccessError(gettext(
                'helpdesk.msg_search_hidden', **Model.__names__(self.name)))


class SecretChar(_Secret, fields.Char):
    "A Char that can be neither searched nor sorted by."


class SecretText(_Secret, fields.Text):
    "A Text that can be neither searched nor sorted by."
