# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The pages of the portal: their words, their frame and their headers.

A page takes records and hands plain values to its template; it never decides
who may see them.
"""
import datetime as dt
import os
from dataclasses import dataclass
from hashlib import sha256

from jinja2 import Environment, FileSystemLoader
from trytond.pool import Pool
from trytond.protocols.wrappers import Response
from trytond.tools import file_open
from trytond.tools import timezone as tz
from trytond.transaction import Transaction

from . import addresses, colors, preference, session

HERE = os.path.dirname(__file__)
STATIC_TYPES = {
    '.css': 'text/css; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.svg': 'image/svg+xml',
    }
# Nothing is fetched from elsewhere, nobody frames the page.
PAGE_RULES = {
    'default-src': "'none'",
    'script-src': "'self'",
    'style-src': "'self'",
    'img-src': "'self'",
    'connect-src': "'self'",
    'form-action': "'self'",
    'frame-ancestors': "'none'",
    'base-uri': "'none'",
    }


def policy(**rules):
    """
    Return a Content-Security-Policy for a page.

    rules are added to PAGE_RULES or stand in their place, with _ for -.
    """
    rules = {n.replace('_', '-'): v for n, v in rules.items()}
    return '; '.join(
        f'{name} {value}' for name, value in {**PAGE_RULES, **rules}.items())


PAGE_POLICY = policy()
# For what has a part of its address that changes with it
FOR_EVER = 'public, max-age=31536000, immutable'
# A file is for the disk: should a browser show it after all, it runs nothing.
FILE_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"

_templates = Environment(
    loader=FileSystemLoader(os.path.join(HERE, 'templates')),
    autoescape=True, auto_reload=False, trim_blocks=True, lstrip_blocks=True,
    # What there is not is left out
    finalize=lambda value: '' if value is None else value)


def secured(response):
    """
    Return the response with the headers that every answer of the portal has.

    What the response has already is kept.
    """
    for name, value in [
            ('Content-Security-Policy', PAGE_POLICY),
            ('X-Content-Type-Options', 'nosniff'),
            ('Referrer-Policy', 'no-referrer'),
            ('X-Robots-Tag', 'noindex'),
            ('Cache-Control', 'private, no-store'),
            ]:
        response.headers.setdefault(name, value)
    return response


def static_file(name):
    "Return the response for the file of the folder static, or None"
    if name not in _VERSIONS:
        return
    return Response(
        _static(name), content_type=STATIC_TYPES[os.path.splitext(name)[1]],
        headers={'Cache-Control': FOR_EVER})


def _static(name):
    with file_open(f'helpdesk_portal/static/{name}', 'rb') as file:
        return file.read()


# Part of the address, so that a new style sheet is fetched at once.
_VERSIONS = {
    n: sha256(_static(n)).hexdigest()[:12]
    for n in sorted(os.listdir(os.path.join(HERE, 'static')))
    if os.path.splitext(n)[1] in STATIC_TYPES}


@dataclass(frozen=True)
class Moment:
    "A time as people read it and as machines do"
    text: str
    machine: str


class Page:
    "What every page has: words, times and addresses in the visitor's language"
    template = 'notice.html'
    # Whether the page stands in a frame of another site
    embedded = False
    # Names of files that add comfort to this page
    scripts = ()
    # And of those that it looks like, besides style.css
    styles = ()
    # What the foot says of this page
    footer = None
    csrf_field = session.CSRF_FIELD
    # Pairs: the name of a field, or None, and what is wrong with it
    errors = ()

    def __init__(self, request, language=None, visitor=None, company=None):
        """
        request is the request; language the ir.lang of whom the page is for,
        which holds when the visitor asks for none that is installed; visitor
        the Visitor who looks at it, or None; company the company.company
        whose brand is shown, or None if the page belongs to none.
        """
        pool = Pool()
        Brand = pool.get('helpdesk.brand')
        self.request = request
        self.visitor = visitor
        self.lang = self._choose_language(language)
        self.identity = Brand.shown(
            company.id if company else None, self.lang.code)
        self.brand = self.identity['name'] or self.text('page_brand')
        self.zone = self._choose_zone()
        self._tells_time = False

    def _choose_language(self, default):
        pool = Pool()
        Lang = pool.get('ir.lang')
        languages = Lang.helpdesk_languages()
        accepted = self.request.accept_languages.best_match(languages)
        for code in [preference.chosen_language(self.request), accepted]:
            if code in languages:
                return languages[code]
        return default or languages.get('en') or Lang.get()

    def _choose_zone(self):
        name = preference.zone(
            self.request, tz.available_timezones()) or self.identity['zone']
        return tz.get_tzinfo(name) if name else tz.SERVER

    @property
    def language(self):
        return self.lang.code.replace('_', '-')

    @property
    def direction(self):
        return self.lang.direction

    @property
    def languages(self):
        "Return the languages to choose from: code, name and address"
        pool = Pool()
        Lang = pool.get('ir.lang')
        # To ask again for what a form made would lose what was typed
        if self.request.method not in {'GET', 'HEAD'}:
            return []
        names = Lang.helpdesk_names()
        if len(names) < 2:
            return []
        return [
            (code.replace('_', '-'), name,
                preference.language_address(self.request, code))
            for code, name in names.items()]

    def text(self, key, **variables):
        "Return the message of the module in the language of the page"
        return self.lang.helpdesk_text(key, **variables)

    def moment(self, value):
        "Return the Moment of a naive UTC datetime, or None"
        if not value:
            return
        self._tells_time = True
        value = value.replace(tzinfo=dt.timezone.utc)
        return Moment(
            self.lang.strftime(
                value.astimezone(self.zone), f'{self.lang.date} %H:%M'),
            value.isoformat(timespec='minutes'))

    @property
    def zone_name(self):
        "Return the name of the zone, if the page has told a time so far"
        if self._tells_time:
            return str(self.zone).replace('_', ' ')

    def path(self, *parts):
        "Return the path of a page of the portal"
        return addresses.path(
            self.request.root_path, Transaction().database.name, *parts)

    @property
    def navigation(self):
        "Return what stands on top of every page: text and path"
        if self.visitor and self.visitor.user:
            return [
                (self.text('page_tickets'), self.path('tickets')),
                (self.text('page_new'), self.path('new')),
                # Who they are
                (self.visitor.email, self.path('account')),
                ]
        return [
            (self.text('page_new'), self.path('new')),
            (self.text('page_login'), self.path('login')),
            ]

    @property
    def form_token(self):
        "Return what a form has to send back of whoever is logged in"
        if self.visitor:
            return session.csrf_token(self.visitor.token)

    def static(self, name):
        return f'{self.path("static", name)}?v={_VERSIONS[name]}'

    # The brand

    @property
    def home(self):
        "Return the path of the start page"
        return self.path('')

    @property
    def brand_style(self):
        "Return the address of the style sheet of the brand, or None"
        color = self.identity['color']
        if color:
            return self._of_brand('style.css', _style_version(color))

    @property
    def logo(self):
        "Return the address of the logo, or None"
        version = self.identity['logo']
        if version:
            return self._of_brand('logo', version)

    def _of_brand(self, name, version):
        company = str(self.identity['company'])
        return f'{self.path("brand", company, name)}?v={version}'

    @property
    def welcome(self):
        "Return the lines of what the company says first"
        return _lines(self.identity['welcome'])

    @property
    def small_print(self):
        "Return the lines of what the company says at the foot of each page"
        return _lines(self.identity['footer'])

    @property
    def legal_links(self):
        "Return the text and the address of what the law asks for"
        return [
            (self.text(f'page_{name}'), self.identity[name])
            for name in ['privacy_policy', 'legal_notice']
            if self.identity[name]]

    @property
    def title(self):
        title = self.text(
            'page_title', heading=self.heading, brand=self.brand)
        if self.errors:
            title = self.text('page_title_error', title=title)
        return title

    def response(self, status=200):
        "Return the page as a response"
        html = _templates.get_template(self.template).render(page=self)
        response = Response(
            html, status=status, content_type='text/html; charset=utf-8',
            headers={'Content-Language': self.language})
        if preference.LANGUAGE in self.request.args:
            preference.keep_language(
                self.request, response, self.lang.code, self.path(),
                secure=addresses.is_secure(self.request))
        return response


class VisitPage(Page):
    "A page with forms for strangers, whose visit it begins"

    def __init__(self, request, visitor=None, **kwargs):
        super().__init__(request, visitor=visitor, **kwargs)
        self.visit = (
            session.visit_token(request) or session.new_visit_token())

    @property
    def form_token(self):
        return super().form_token or session.csrf_token(self.visit)

    def response(self, status=200):
        response = super().response(status)
        if not self.visitor and not session.visit_token(self.request):
            session.set_visit_token(
                response, self.visit, path=self.path(),
                secure=addresses.is_secure(self.request))
        return response


class ErrorPage(Page):
    """
    What somebody sees when something can't be done.

    It tells what to do, and never what the exception said.
    """
    template = 'error.html'
    codes = {400, 403, 404, 413, 429, 500, 503}

    def __init__(
            self, request, code, visitor=None, retry_after=None, typed='',
            **variables):
        """
        code is the status; visitor who asked, if that is known; retry_after
        the seconds after which it is worth another try, or None; typed the
        text that was sent and must not be lost; variables are for what the
        page says.
        """
        super().__init__(request, visitor=visitor)
        if code not in self.codes:
            code = 400 if code < 500 else 500
        self.code = code
        self.retry_after = retry_after
        self.typed = typed
        self.variables = variables

    @property
    def heading(self):
        return self.text(f'error_{self.code}_heading')

    @property
    def sentences(self):
        return [self.text(f'error_{self.code}_text', **self.variables)]

    def response(self, status=None):
        response = super().response(status or self.code)
        if self.retry_after:
            response.headers['Retry-After'] = str(self.retry_after)
        return response


def _lines(text):
    return [line for line in map(str.strip, (text or '').splitlines()) if line]


def _style_version(color):
    return sha256(colors.style_sheet(color).encode()).hexdigest()[:12]
