# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from hashlib import sha256
from urllib.parse import urlsplit

from trytond.cache import Cache
from trytond.i18n import gettext
from trytond.model import ModelSQL, ModelView, Unique, fields
from trytond.modules.helpdesk_mail.intake.layout import picture_type
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import Transaction, without_check_access

from . import colors
from .exceptions import BrandColorError, BrandLinkError, BrandLogoError

# Every visitor loads it
MAX_LOGO = 256 * 1024
# Who changes the name of the company's party sees it after this time
_SECONDS = 300


class Brand(ModelSQL, ModelView):
    __name__ = 'helpdesk.brand'

    company = fields.Many2One('company.company', "Company", required=True,
        domain=[
            ('id', '=', Eval('context', {}).get('company', -1)),
            ],
        help="The company whose customers see the brand.")
    name = fields.Char("Name", translate=True,
        help="What is written on top of each page.\n"
        "Leave empty for the name of the company.")
    logo = fields.Binary("Logo",
        help="A picture on top of each page, PNG, JPEG, GIF or WebP, of at "
        "most 256 KiB. It is shown 44 pixels high, on a light ground.")
    color = fields.Char("Color", size=7,
        help="The color of links, buttons and lines, such as #1d5fb4. Where "
        "it could not be read well, a darker or lighter shade is shown.\n"
        "Leave empty for blue.")
    welcome = fields.Text("Welcome", translate=True,
        help="What the start page says first.")
    footer = fields.Text("Footer", translate=True,
        help="What stands at the bottom of each page, such as your address "
        "and your opening hours.")
    privacy_policy = fields.Char("Privacy Policy", translate=True,
        help="The address of your privacy policy, with https://. Each page "
        "has a link to it.")
    legal_notice = fields.Char("Legal Notice", translate=True,
        help="The address of your legal notice, with https://. Each page has "
        "a link to it.")

    _shown_cache = Cache(
        'helpdesk.brand.shown', duration=_SECONDS, context=False)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        table = cls.__table__()
        cls._sql_constraints.append(
            ('company_unique', Unique(table, table.company),
                'helpdesk_portal.msg_brand_company_unique'))

    @staticmethod
    def default_company():
        return Transaction().context.get('company')

    def get_rec_name(self, name):
        return self.name or self.company.rec_name

    @classmethod
    def search_rec_name(cls, name, clause):
        operator = clause[1]
        return ['AND' if operator.startswith(('!', 'not ')) else 'OR',
            ('name', *clause[1:]),
            ('company.rec_name', *clause[1:]),
            ]

    @classmethod
    def validate_fields(cls, brands, field_names):
        super().validate_fields(brands, field_names)
        cls._check_colors(brands, field_names)
        cls._check_links(brands, field_names)
        cls._check_logos(brands, field_names)

    @classmethod
    def _check_colors(cls, brands, field_names):
        if field_names and 'color' not in field_names:
            return
        for brand in brands:
            if brand.color and not colors.is_color(brand.color):
                raise BrandColorError(gettext(
                        'helpdesk_portal.msg_brand_color', color=brand.color))

    @classmethod
    def _check_links(cls, brands, field_names):
        names = {'privacy_policy', 'legal_notice'}
        if field_names:
            names &= set(field_names)
        for brand in brands:
            for name in names:
                link = getattr(brand, name)
                if link and not _is_https(link):
                    raise BrandLinkError(gettext(
                            'helpdesk_portal.msg_brand_link', link=link))

    @classmethod
    def _check_logos(cls, brands, field_names):
        if field_names and 'logo' not in field_names:
            return
        for brand in brands:
            logo = brand.logo
            if logo and (
                    len(logo) > MAX_LOGO or picture_type(logo) in {
                        '', 'image/bmp'}):
                raise BrandLogoError(gettext(
                        'helpdesk_portal.msg_brand_logo',
                        limit=MAX_LOGO // 1024))

    @classmethod
    def on_modification(cls, mode, brands, field_names=None):
        super().on_modification(mode, brands, field_names=field_names)
        cls._shown_cache.clear()

    @classmethod
    @without_check_access
    def shown(cls, company, language):
        """
        Return what the pages of a company show, in the language, as a dict.

        company is the id of a company.company, or None for pages that belong
        to none: they show the brand that was made first or, without any, the
        only company there is. language is a code. It is kept in memory, so
        most pages cost no statement. The keys:

        * company: the id, or None
        * name, zone: of the brand or else of the company, None if unknown
        * color: as #rrggbb, or None
        * logo: None, or what changes with the picture
        * welcome, footer, privacy_policy, legal_notice: the texts, or None
        """
        key = (company, language)
        values = cls._shown_cache.get(key)
        if values is None:
            with Transaction().set_context(language=language):
                values = cls._shown_cache.set(key, cls._shown(company))
        return values

    @classmethod
    def _shown(cls, company):
        pool = Pool()
        Company = pool.get('company.company')
        brands = list(cls.search(
                [('company', '=', company)] if company else [],
                order=[('id', 'ASC')], limit=1))
        brand = brands[0] if brands else cls()
        if brands:
            company = brand.company
        else:
            companies = list(Company.search(
                    [('id', '=', company)] if company else [], limit=2))
            company = companies[0] if len(companies) == 1 else None
        values = {
            name: getattr(brand, name, None) or None for name in [
                'color', 'welcome', 'footer', 'privacy_policy',
                'legal_notice']}
        logo = getattr(brand, 'logo', None)
        return {
            **values,
            'company': company and company.id,
            'name': getattr(brand, 'name', None) or (
                company and company.rec_name),
            'zone': company and company.timezone,
            'logo': sha256(logo).hexdigest()[:12] if logo else None,
            }

    @classmethod
    @without_check_access
    def picture(cls, company):
        "Return the logo of the company with this id, as bytes, or None"
        for brand in cls.search([('company', '=', company)]):
            return brand.logo


class Company(metaclass=PoolMeta):
    __name__ = 'company.company'

    @classmethod
    def on_modification(cls, mode, companies, field_names=None):
        pool = Pool()
        Brand = pool.get('helpdesk.brand')
        super().on_modification(mode, companies, field_names=field_names)
        Brand._shown_cache.clear()


def _is_https(link):
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    return bool(
        parts.scheme == 'https' and parts.hostname
        and link.isprintable() and ' ' not in link)
