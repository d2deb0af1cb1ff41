# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from sql.aggregate import Avg, Count, Min
from sql.functions import DateTrunc
from trytond.model import ModelSQL, ModelView, fields
from trytond.pool import Pool
from trytond.pyson import Eval, If

from .export import CheckedExportMixin
from .lookup import CheckedSearchMixin
from .rating import BAD


class RatingAverage(
        CheckedSearchMixin, CheckedExportMixin, ModelSQL, ModelView):
    __name__ = 'helpdesk.rating.average'

    month = fields.Date("Month",
        help="The month in which the ratings were given.")
    section = fields.Many2One('helpdesk.section', "Section",
        help="The section that resolved the tickets.")
    employee = fields.Many2One('company.employee', "Responsible",
        help="Who was responsible when the tickets were resolved.")
    count = fields.Integer("Ratings",
        help="How many ratings there were.")
    average = fields.Float("Average Rating", digits=(None, 1),
        help="From 1 for very bad to 5 for very good.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._order = [
            ('month', 'DESC'), ('section', 'ASC'), ('employee', 'ASC'),
            ('id', 'ASC')]

    @classmethod
    def table_query(cls):
        pool = Pool()
        rating = pool.get('helpdesk.rating').__table__()
        # PostgreSQL does not know that two expressions with parameters are
        # the same, so what is grouped by has to be a column
        dated = rating.select(
            rating.id,
            cls.month.sql_cast(DateTrunc('month', rating.at)).as_('month'),
            rating.section,
            rating.employee,
            rating.score)
        return dated.select(
            Min(dated.id).as_('id'),
            dated.month,
            dated.section,
            dated.employee,
            Count(dated.id).as_('count'),
            cls.average.sql_cast(Avg(dated.score)).as_('average'),
            group_by=[dated.month, dated.section, dated.employee])

    def get_rec_name(self, name):
        return ' - '.join(filter(None, [
                    self.section.rec_name,
                    self.employee.rec_name if self.employee else None]))

    @classmethod
    def view_attributes(cls):
        return super().view_attributes() + [
            ('/tree', 'visual', If(Eval('average', 0) <= BAD, 'danger', '')),
            ]
