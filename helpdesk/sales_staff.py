# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from sql import Literal, Null
from trytond.model import Index, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import Transaction, check_access


class User(metaclass=PoolMeta):
    __name__ = 'res.user'

    @classmethod
    def reads_sales(cls):
        "Tell if the current user may read sales, and by them tickets."
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        return any(map(cls._may_read, Ticket.read_by().values()))

    @staticmethod
    def _may_read(model):
        pool = Pool()
        ModelAccess = pool.get('ir.model.access')
        if not Transaction().user:
            return False
        return ModelAccess.get_access([model])[model]['read']

    @classmethod
    def helpdesk_sale_domain(cls):
        "Return the domain of the tickets whose sales the user may read."
        pool = Pool()
        Rule = pool.get('ir.rule')
        Ticket = pool.get('helpdesk.ticket')
        domain = []
        for name, model in Ticket.read_by().items():
            if cls._may_read(model):
                with check_access():
                    domain.append([
                            (name, '!=', None),
                            (name, 'where', Rule.domain_get(model)),
                            ])
        return ['OR', *domain] if domain else [('id', '=', None)]


class Rule(metaclass=PoolMeta):
    __name__ = 'ir.rule'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.domain.help += (
            '\n- "helpdesk_sales" whether the current user may read sales'
            '\n- "helpdesk_sale_domain" as domain of their tickets')

    @classmethod
    def get(cls, model_name, mode='read'):
        with Transaction().set_context(_helpdesk_rules_of=model_name):
            return super().get(model_name, mode=mode)

    @classmethod
    def _get_cache_key(cls, model_names):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        User = pool.get('res.user')
        if 'helpdesk.ticket' in model_names:
            # Who reads the ticket depends on who reads its sale
            model_names = model_names | set(Ticket.read_by().values())
        key = super()._get_cache_key(model_names)
        return (*key, User.reads_sales())

    @classmethod
    def _get_context(cls, model_name):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        User = pool.get('res.user')
        context = super()._get_context(model_name)
        context['helpdesk_sales'] = User.reads_sales()
        if model_name == Ticket.__name__:
            # What belongs to a ticket has the rules of the ticket
            model_name = Transaction().context.get(
                '_helpdesk_rules_of', model_name)
            context['helpdesk_sales'] &= model_name in Ticket.read_by_sale()
            context['helpdesk_sale_domain'] = User.helpdesk_sale_domain()
        return context


class _Workable:
    "Keeps the buttons of what one may only read from being used."
    __slots__ = ()

    workable = fields.Function(fields.Boolean("Workable",
            help="Whether you may work on the ticket, and not only read it."),
        'get_workable')

    @classmethod
    def __post_setup__(cls):
        # Tryton lets who may read a record use its buttons; so it has to be
        # said for each of them, also those that other modules add
        for states in cls._buttons.values():
            readonly = ~Eval('workable', True)
            if 'readonly' in states:
                readonly |= states['readonly']
            states['readonly'] = readonly
            states['depends'] = [*states.get('depends', []), 'workable']
        super().__post_setup__()

    @classmethod
    def default_workable(cls):
        return True

    @classmethod
    def get_workable(cls, records, name):
        pool = Pool()
        User = pool.get('res.user')
        if not User.reads_sales():
            # Who sees a ticket sees it as an agent of its section
            return {r.id: True for r in records}
        sections = set(User.get_helpdesk_sections())
        return {
            r.id: r._workable_ticket().section.id in sections
            for r in records}


class Ticket(_Workable, metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        # Few tickets are about sales; who reads only these lists them by it
        cls._sql_indexes.add(Index(t,
                (t.last_communication_at, Index.Range(order='DESC')),
                (t.id, Index.Range(order='DESC')),
                where=t.sale != Null))

    @classmethod
    def read_by(cls):
        """
        Return by what who is no agent may read tickets.

        The names of the models by those of the fields of the ticket.
        """
        return {'sale': 'sale.sale'}

    @classmethod
    def read_by_sale(cls):
        """
        Return the names of the models that who reads the sale may read.

        Of what belongs to tickets, all the rest is for the agents who see
        the section.
        """
        return {
            'helpdesk.ticket', 'helpdesk.conversation',
            'helpdesk.ticket-product.product'}

    @classmethod
    @check_access
    def check_workable(cls, tickets):
        """
        Check that the user may work on all the tickets, and not only read.

        Raise AccessError, also in a wizard, which runs without the checks.
        """
        pool = Pool()
        ModelAccess = pool.get('ir.model.access')
        Rule = pool.get('ir.rule')
        ModelAccess.check(cls.__name__, mode='write')
        Rule.check(cls.__name__, [t.id for t in tickets], mode='write')

    def _workable_ticket(self):
        return self


class Conversation(_Workable, metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation'

    @classmethod
    def _is_shown(cls, table):
        # As the rule does: the form reads what its field names
        return super()._is_shown(table) & cls._is_readable(table)

    @classmethod
    def is_searched(cls, table):
        # What is found tells what was said
        return super().is_searched(table) & cls._is_readable(table)

    @classmethod
    def _is_readable(cls, table):
        "Return the SQL condition of what the current user may read."
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        User = pool.get('res.user')
        if not User.reads_sales():
            return Literal(True)
        ticket = Ticket.__table__()
        return (
            ((table.direction != 'internal') & (table.kind != 'note'))
            | table.ticket.in_(ticket.select(ticket.id,
                    where=fields.SQL_OPERATORS['in'](
                        ticket.section,
                        list(User.get_helpdesk_sections())))))

    def _workable_ticket(self):
        return self.ticket
