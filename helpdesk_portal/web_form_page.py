# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The pages around the public form: sections, form, thanks, confirmation.
"""
import json
from dataclasses import dataclass

from trytond.pool import Pool
from trytond.transaction import Transaction

from . import forms, pages, proof_of_work, recaptcha, session, web_form
from .pages import Page

STAMP_FIELD = 'stamp'
PROOF_FIELD = 'altcha'
RECAPTCHA_FIELD = 'recaptcha'
# Above so many bytes the browser shows how much of the files is sent
PROGRESS = forms.MIB


@dataclass(frozen=True)
class SectionItem:
    "A section that customers may write to"
    name: str
    company: str
    description: str
    note: str
    address: str


class SectionsPage(Page):
    "The sections with a form: the start page, or what to choose from"
    template = 'sections.html'

    def __init__(self, request, sections, visitor=None, start=True):
        super().__init__(request, visitor=visitor)
        self.start = start
        pool = Pool()
        Section = pool.get('helpdesk.section')
        shown = Section.shown_on_portal(self.lang.code)
        companies = {s.company for s in sections}
        self.sections = [
            self._item(s, shown[s.id], len(companies) > 1) for s in sections]

    def _item(self, section, shown, with_company):
        closed = section.web_form == 'registered' and not self.visitor
        return SectionItem(
            name=shown['name'],
            company=section.company.rec_name if with_company else '',
            description=(shown['description'] or '').strip(),
            note=self.text('section_registered') if closed else '',
            address=self.path('new', str(section.id)))

    @property
    def heading(self):
        return self.text('start_heading' if self.start else 'new_heading')

    @property
    def login(self):
        if not self.visitor:
            return self.path('login')

    @property
    def sentences(self):
        if self.start:
            return [
                *(self.welcome or [self.text('start_text')]),
                self.text('start_link')]
        if not self.sections:
            return [self.text('new_none')]
        return []


class SectionPage(Page):
    "What the pages of one section have in common"

    def __init__(self, request, section, visitor=None, embedded=False):
        super().__init__(request, visitor=visitor, company=section.company)
        pool = Pool()
        Section = pool.get('helpdesk.section')
        self.section = section
        self.shown = Section.shown_on_portal(self.lang.code)[section.id]
        self.embedded = embedded

    @property
    def address(self):
        return self.path(
            'embed' if self.embedded else 'new', str(self.section.id))

    def rules(self):
        "Return the rules of the page's own, as pages.policy takes them"
        if self.embedded:
            return {
                'frame_ancestors': ' '.join(self.section.web_form_frames())}
        return {}

    def response(self, status=200):
        response = super().response(status)
        rules = self.rules()
        if rules:
            response.headers['Content-Security-Policy'] = pages.policy(**rules)
        return response


class WebFormPage(SectionPage):
    template = 'web_form.html'
    scripts = ('robot_check.js', 'web_form.js')
    lengths = web_form.LENGTHS
    trap = web_form.TRAP
    stamp_field = STAMP_FIELD
    progress = PROGRESS

    def __init__(
            self, request, section, stamp, limits, visitor=None,
            embedded=False, typed=web_form.Request(), trouble=None):
        """
        stamp is the form_stamp.Stamp of the form; limits the forms.Limits;
        typed the web_form.Request to show again with its errors; trouble the
        forms.Error of what is wrong with no field.
        """
        super().__init__(request, section, visitor, embedded)
        pool = Pool()
        Configuration = pool.get('helpdesk.configuration')
        self.stamp = stamp
        self.limits = limits
        self.typed = typed
        self.trouble = trouble
        self.configuration = Configuration(1)
        with Transaction().set_context(language=self.lang.code):
            self.categories = [
                (c.id, c.rec_name)
                for c in self.section.web_form_categories()]

    @property
    def heading(self):
        return self.shown['name']

    @property
    def description(self):
        return [
            line for line in (self.shown['description'] or '').splitlines()
            if line.strip()]

    @property
    def sender(self):
        "Who is logged in, and needn't say who they are"
        return self.visitor.email if self.visitor else None

    @property
    def errors(self):
        "Return pairs: the name of the field, or None, and what is wrong"
        errors = [(None, self.trouble)] if self.trouble else []
        errors += self.typed.errors.items()
        return [
            (name, self.text(f'form_{e.key}', **e.variables))
            for name, e in errors]

    def value(self, name):
        return getattr(self.typed, name)

    def error(self, name):
        error = self.typed.errors.get(name)
        if error:
            return self.text(f'form_{error.key}', **error.variables)

    @property
    def first_error(self):
        return next(iter(self.typed.errors), None)

    def described_by(self, name, *others):
        ids = [f'{name}-error'] if self.error(name) else []
        return ' '.join([*ids, *others]) or None

    @property
    def files_help(self):
        text = self.text(
            'form_files_help', files=self.limits.files,
            size=forms.mebibytes(self.limits.size))
        if self.configuration.web_form_allowed:
            text += ' ' + self.text(
                'form_files_allowed',
                endings=self.configuration.web_form_allowed)
        return text

    @property
    def files_again(self):
        "The browser keeps no files when the form comes back"
        if self.typed.files or self.error('files'):
            return self.text('form_files_again')

    @property
    def similar(self):
        "Return the visitor's own open tickets that may be about the same"
        return similar_items(self, self.typed.subject)

    # The robot check

    @property
    def challenge(self):
        if not self.visitor and self.configuration.robot_check == 'altcha':
            pool = Pool()
            Section = pool.get('helpdesk.section')
            return json.dumps(proof_of_work.challenge(
                    Section.web_form_secret(), self.stamp.nonce,
                    self.stamp.expires))

    @property
    def recaptcha(self):
        if not self.visitor and self.configuration.robot_check == 'recaptcha':
            return self.configuration.recaptcha_site_key

    @property
    def recaptcha_script(self):
        return recaptcha.SCRIPT

    @property
    def recaptcha_action(self):
        return recaptcha.ACTION

    def rules(self):
        rules = super().rules()
        if self.recaptcha:
            rules.update(recaptcha.POLICY)
        return rules


class SimilarPage(Page):
    "The piece of a form's page that shows similar tickets"
    template = 'similar.html'

    def __init__(self, request, visitor, subject):
        super().__init__(request, visitor=visitor)
        self.similar = similar_items(self, subject)


def similar_items(page, subject):
    "Return pairs: what the ticket is called and the path of its page"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    return [
        (page.text('ticket_heading', number=t.number, subject=t.subject),
            page.path('tickets', t.number))
        for t in Ticket.similar_to(page.visitor, subject)]


class ThanksPage(SectionPage):
    template = 'thanks.html'

    def __init__(
            self, request, section, visitor=None, embedded=False,
            ticket=None, mailed=False):
        """
        ticket is the one that was made, if the visitor may see it; mailed
        tells that the request has to be confirmed first.
        """
        super().__init__(request, section, visitor, embedded)
        self.ticket = ticket
        self.mailed = mailed

    @property
    def heading(self):
        return self.text('thanks_mailed' if self.mailed else 'thanks_heading')

    @property
    def sentences(self):
        if self.mailed:
            return [self.text('thanks_confirm'), self.text('thanks_spam')]
        if self.ticket:
            return [self.text('thanks_number', number=self.ticket.number)]
        if self.section.acknowledge:
            return [self.text('thanks_mail'), self.text('thanks_spam')]
        return [self.text('thanks_answer')]

    @property
    def links(self):
        links = []
        if self.ticket:
            links.append((
                    self.text('thanks_ticket'),
                    self.path('tickets', self.ticket.number)))
        links.append((self.text('thanks_again'), self.address))
        return links


class ConfirmPage(SectionPage):
    "Asks whether the request is theirs, as programs follow links too"
    template = 'confirm.html'

    def __init__(self, request, asked, token):
        super().__init__(request, asked.section)
        self.token = token
        self.asked_at = self.moment(asked.create_date)

    @property
    def heading(self):
        return self.text('confirm_heading')

    @property
    def form_token(self):
        return session.csrf_token(self.token)

    @property
    def confirm_address(self):
        return self.path('confirm', self.token)
