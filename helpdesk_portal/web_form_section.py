# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import hmac
from dataclasses import replace

from trytond.i18n import gettext
from trytond.model import fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval

from . import addresses, web_form
from .exceptions import OriginError

OPEN_TO_ALL = ['everyone']
OPEN_TO_KNOWN = ['everyone', 'registered']


class Section(metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    _states = {
        'invisible': Eval('visibility') != 'public',
        }
    web_form = fields.Selection([
            ('none', "No Form"),
            ('everyone', "Everyone"),
            ('registered', "Registered Customers Only"),
            ], "Web Form", required=True, sort=False, states=_states,
        help="Who can make a ticket of the section with a form on the "
        "portal.")
    web_form_address = fields.Function(fields.Char("Address of the Form",
            states={
                'invisible': (_states['invisible']
                    | (Eval('web_form') == 'none')),
                },
            help="Where the form is, to be linked to."),
        'get_web_form_address')
    web_form_origins = fields.Text("Sites with the Form",
        states={
            'invisible': (_states['invisible']
                | (Eval('web_form') != 'everyone')),
            },
        help="The web sites that may have the form in a frame, "
        "like https://www.example.com, one to a line.\n"
        "Leave empty for none.")
    del _states

    @classmethod
    def default_web_form(cls):
        # Also for the sections that there are when the module comes
        return 'none'

    @classmethod
    def view_attributes(cls):
        return super().view_attributes() + [
            ('//label[@id="web_form_not_public"]', 'states', {
                    'invisible': Eval('visibility') == 'public',
                    }),
            ]

    @classmethod
    def get_web_form_address(cls, sections, name):
        return {s.id: addresses.url('new', str(s.id)) for s in sections}

    @classmethod
    def validate_fields(cls, sections, field_names):
        super().validate_fields(sections, field_names)
        if field_names and 'web_form_origins' not in field_names:
            return
        for section in sections:
            _, wrong = web_form.origins(section.web_form_origins)
            if wrong:
                raise OriginError(gettext(
                        'helpdesk_portal.msg_section_origin',
                        section=section.rec_name,
                        origin=wrong[0]))

    @classmethod
    def with_form(cls, *domain):
        "Return the sections that customers may write to with a form"
        return list(cls.search([
                    ('visibility', '=', 'public'),
                    ('web_form', 'in', OPEN_TO_KNOWN),
                    *domain,
                    ]))

    def has_web_form(self, visitor):
        """
        Tell whether the visitor may write to the section with its form.

        visitor is a Visitor who is logged in, or None.
        """
        return (self.active and self.visibility == 'public'
            and self.web_form in (OPEN_TO_KNOWN if visitor else OPEN_TO_ALL))

    def web_form_asks(self, visitor):
        """
        Return the web_form.Asked for who looks at the form of the section.

        visitor is the Visitor or None.
        """
        return web_form.Asked(
            sender=visitor is None,
            categories=tuple(c.id for c in self.web_form_categories()))

    def web_form_categories(self):
        "Return the categories that the form offers, in the order of the tree"
        pool = Pool()
        Category = pool.get('helpdesk.category')
        Configuration = pool.get('helpdesk.configuration')
        if not Configuration.is_on('use_categories'):
            return []
        categories = list(Category.search([
                    ['OR',
                        ('sections', '=', None),
                        ('sections', '=', self.id),
                        ],
                    ]))
        place = {c.id: i for i, c in enumerate(categories)}

        def path(category):
            path = []
            while category:
                path.insert(0, place.get(category.id, -1))
                category = category.parent
            return path
        return sorted(categories, key=path)

    def web_form_of(self, visitor, typed):
        """
        Return the web_form.Request completed with what is known of who is
        logged in.

        visitor is the Visitor, typed the Request.
        """
        pool = Pool()
        User = pool.get('web.user')
        party = User(visitor.user).party
        return replace(
            typed, email=visitor.email,
            name=(party.name if party else None) or visitor.email,
            phone=(party.phone or party.mobile or '') if party else '')

    @staticmethod
    def web_form_secret():
        "Return what the stamps and challenges of forms are signed with"
        pool = Pool()
        Key = pool.get('helpdesk.mail.key')
        return hmac.digest(
            Key.get_secret(), b'helpdesk web form', 'sha256')

    def web_form_frames(self):
        "Return the origins that may have the form in a frame"
        if self.web_form not in OPEN_TO_ALL:
            return []
        return web_form.origins(self.web_form_origins)[0]
