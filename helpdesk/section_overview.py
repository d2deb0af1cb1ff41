# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The overview of sections and a period, printed for managers.
"""
import datetime as dt

from dateutil.relativedelta import relativedelta
from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.pyson import Eval
from trytond.report import Report
from trytond.transaction import Transaction, check_access
from trytond.wizard import Button, StateReport, StateView, Wizard

from .exceptions import OverviewError
from .reporting import SpanMixin
from .section_overview_document import Choice, Overview

# More rows and bars nobody reads
MAX_PERIODS = 62


class PrintOverviewStart(SpanMixin, ModelView):
    __name__ = 'helpdesk.section.print_overview.start'

    sections = fields.Many2Many(
        'helpdesk.section', None, None, "Sections",
        domain=[
            ('company', '=', Eval('company', -1)),
            ],
        help="Each of them gets an overview of its own. "
        "Leave empty for one of all tickets of the company.")
    period = fields.Selection([
            ('year', "Year"),
            ('month', "Month"),
            ('week', "Week"),
            ('day', "Day"),
            ], "Period", required=True, sort=False,
        help="The parts of the time that have a row and bars of their own.")

    @classmethod
    def default_period(cls):
        return 'week'

    @classmethod
    def default_hours(cls):
        return 'open'


class PrintOverview(Wizard):
    __name__ = 'helpdesk.section.print_overview'

    start = StateView(
        'helpdesk.section.print_overview.start',
        'helpdesk.section_print_overview_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Print", 'print_', 'tryton-print', default=True),
            ])
    print_ = StateReport('helpdesk.section.overview')

    @classmethod
    def check_access(cls):
        # Tryton would also ask it of code, where nobody has groups
        if Transaction().check_access:
            super().check_access()

    def default_start(self, fields):
        pool = Pool()
        Date = pool.get('ir.date')
        Section = pool.get('helpdesk.section')
        sections = self.records if self.model == Section else []
        company = Transaction().context.get('company')
        if sections:
            company = sections[0].company.id
        with Transaction().set_context(company=company):
            first = Date.today().replace(day=1)
        return {
            'company': company,
            'sections': [s.id for s in sections if s.company.id == company],
            'from_date': first - relativedelta(months=1),
            'to_date': first - dt.timedelta(days=1),
            }

    def do_print_(self, action):
        return action, {
            'ids': [s.id for s in self.start.sections],
            'company': self.start.company.id,
            'from_date': self.start.from_date,
            'to_date': self.start.to_date,
            'period': self.start.period,
            'hours': self.start.hours,
            }


class SectionOverview(Report):
    __name__ = 'helpdesk.section.overview'

    @classmethod
    def check_access(cls, action, model, ids):
        pool = Pool()
        Section = pool.get('helpdesk.section')
        # Who asks by the network may name the action of another report
        if (action.report_name, model) != (cls.__name__, Section.__name__):
            raise AccessError(gettext(
                    'helpdesk.msg_overview_other', report=action.name))
        super().check_access(action, model, ids)

    @classmethod
    def execute(cls, ids, data):
        """
        Return the overviews of the sections, each from a new page on.

        data has the id of the company, from_date, to_date, and period and
        hours as in the context of the reports. Without ids it is one overview
        of the whole company. Raise an OverviewError for what can't be shown.
        """
        pool = Pool()
        ModelData = pool.get('ir.model.data')
        if data.get('action_id') is None:
            # Who may not use it would not even find it
            data = {**data, 'action_id': ModelData.get_id(
                    'helpdesk', 'report_section_overview')}
        extension, content, direct, _ = super().execute(ids, data)
        return extension, content, direct, cls._file_name(ids, data)

    @classmethod
    def get_context(cls, records, header, data):
        pool = Pool()
        Lang = pool.get('ir.lang')
        Section = pool.get('helpdesk.section')
        context = super().get_context(records, header, data)
        choice = cls._choice(data)
        lang = Lang.get()
        with check_access():
            sections = Section.browse(
                [r.id for r in records]) if records else [None]
            cls._check(choice, sections)
            context['overviews'] = [
                Overview(section, choice, lang) for section in sections]
        context['language'] = lang.code.replace('_', '-')
        return context

    @classmethod
    def render(cls, report, report_context):
        # The figures are read while it is rendered
        with check_access():
            return super().render(report, report_context)

    @classmethod
    def _choice(cls, data):
        return Choice(*(data[n] for n in Choice._fields))

    @classmethod
    def _check(cls, choice, sections):
        pool = Pool()
        Context = pool.get('helpdesk.reporting.context')
        User = pool.get('res.user')
        user = Transaction().user
        if user and choice.company not in User.get_companies():
            raise AccessError(gettext('helpdesk.msg_overview_company'))
        if any(s and s.company.id != choice.company for s in sections):
            raise AccessError(gettext('helpdesk.msg_overview_company'))
        if choice.from_date > choice.to_date:
            raise OverviewError(gettext('helpdesk.msg_overview_dates'))
        with Transaction().set_context(choice.context(None)):
            if len(Context.periods()) > MAX_PERIODS:
                raise OverviewError(gettext(
                        'helpdesk.msg_overview_periods', max=MAX_PERIODS))

    @classmethod
    def _file_name(cls, ids, data):
        pool = Pool()
        Section = pool.get('helpdesk.section')
        sections = Section.browse(ids)
        if len(sections) == 1:
            name = sections[0].rec_name
        else:
            name = gettext(
                'helpdesk.msg_overview_several' if sections
                else 'helpdesk.msg_overview_all', number=len(sections))
        return gettext(
            'helpdesk.msg_overview_file', name=name[:60],
            start=data['from_date'].isoformat(),
            end=data['to_date'].isoformat())
