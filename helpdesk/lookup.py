# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What a search may look at in other records.

Tryton applies record rules to what a search returns, but not to what its
domain and order look at on the way. Who could search for the tickets that
have an internal note with some text would read the note by guessing.
"""
from trytond.i18n import gettext
from trytond.model.exceptions import AccessError
from trytond.model.modelstorage import is_leaf
from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction


class CheckedSearchMixin:
    "Refuses clients to search by what the user might not see."
    __slots__ = ()

    @classmethod
    def search(
            cls, domain, offset=0, limit=None, order=None, count=False,
            **kwargs):
        if Transaction().check_access:
            for Model, Target, name in [
                    *_domain_steps(cls, domain), *_order_steps(cls, order)]:
                if _is_hidden(Model, Target):
                    raise AccessError(gettext(
                            'helpdesk.msg_search_hidden',
                            **Model.__names__(name.partition('.')[0])))
        return super().search(
            domain, offset=offset, limit=limit, order=order, count=count,
            **kwargs)


class Ticket(CheckedSearchMixin, metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'


class Conversation(CheckedSearchMixin, metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation'


class History(CheckedSearchMixin, metaclass=PoolMeta):
    __name__ = 'helpdesk.history'


class Escalation(CheckedSearchMixin, metaclass=PoolMeta):
    __name__ = 'helpdesk.escalation'


class Participant(CheckedSearchMixin, metaclass=PoolMeta):
    __name__ = 'helpdesk.participant'


class Activity(CheckedSearchMixin, metaclass=PoolMeta):
    __name__ = 'helpdesk.activity'


class TicketSale(CheckedSearchMixin, metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket-sale.sale'


class TicketComplaint(CheckedSearchMixin, metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket-sale.complaint'


class TimesheetWork(CheckedSearchMixin, metaclass=PoolMeta):
    __name__ = 'timesheet.work'


class TimesheetLine(CheckedSearchMixin, metaclass=PoolMeta):
    __name__ = 'timesheet.line'


class Attachment(CheckedSearchMixin, metaclass=PoolMeta):
    __name__ = 'ir.attachment'


class Note(CheckedSearchMixin, metaclass=PoolMeta):
    __name__ = 'ir.note'


class Email(CheckedSearchMixin, metaclass=PoolMeta):
    __name__ = 'ir.email'


def _is_hidden(Model, Target):
    "Tell if who sees a record of the Model might not see those of the Target."
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    User = pool.get('res.user')
    if Model.__name__ == 'helpdesk.chat':
        # The ticket that it became may have been moved to another section
        return Target == Ticket
    if Model.__name__ == 'timesheet.work':
        # Whose time it was sees it also when the ticket has moved away
        return Target == Ticket
    if Model != Ticket:
        return False
    # A ticket can follow one of a section that the user does not see; who
    # sees a ticket by its sale does not see all that belongs to it
    return (Target == Ticket
        or ('ticket' in Target.__access__ and User.reads_sales()))


def _domain_steps(Model, domain):
    "Yield the model, its target and the name of what the domain looks at."
    if not is_leaf(domain):
        for clause in domain or []:
            if not isinstance(clause, str):
                yield from _domain_steps(Model, clause)
        return
    name, operator, value, *rest = domain
    local, _, path = name.partition('.')
    Target = _target(Model, local, rest)
    if not Target:
        return
    if operator.endswith('where'):
        yield Model, Target, name
        yield from _domain_steps(Target, value)
    elif path and path != 'id':
        yield Model, Target, name
        yield from _domain_steps(Target, (path, operator, value, *rest))
    elif isinstance(value, str) and not path and not rest:
        # By its name
        yield Model, Target, name


def _order_steps(Model, order):
    for name, type_ in order or []:
        local, _, path = name.partition('.')
        Target = _target(Model, local)
        # By the id it is the model's own; without a path by that of the Target
        if Target and path != 'id':
            yield Model, Target, name
            if path:
                yield from _order_steps(Target, [(path, type_)])


def _target(Model, name, rest=()):
    "Return the model that the field leads to, if any."
    pool = Pool()
    field = Model._fields.get(name)
    if not field:
        return
    if field._type == 'reference':
        return pool.get(rest[0]) if rest else None
    if hasattr(field, 'get_target'):
        return field.get_target()
