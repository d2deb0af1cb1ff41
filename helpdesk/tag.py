# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.model import DeactivableMixin, ModelSQL, ModelView, Unique, fields
from trytond.pool import PoolMeta
from trytond.pyson import Eval


class Tag(DeactivableMixin, ModelSQL, ModelView):
    __name__ = 'helpdesk.tag'

    name = fields.Char("Name", required=True, translate=True,
        help="A word by which tickets are found.")
    color = fields.Char("Color",
        help="The color that tells the tag from others.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_constraints = [
            ('name_unique', Unique(t, t.name), 'helpdesk.msg_tag_unique'),
            ]
        cls._order = [('name', 'ASC'), ('id', 'ASC')]


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    tags = fields.Many2Many(
        'helpdesk.ticket-helpdesk.tag', 'ticket', 'tag', "Tags",
        states={
            'readonly': Eval('state') == 'closed',
            },
        help="Words by which the ticket is found.")
    tag_names = fields.Function(fields.Char("Tags",
            help="Words by which the ticket is found."),
        'get_tag_names', searcher='search_tag_names')

    def get_tag_names(self, name):
        return ', '.join(t.rec_name for t in self.tags)

    @classmethod
    def search_tag_names(cls, name, clause):
        return [('tags.rec_name', *clause[1:])]

    def follow_up_values(self):
        values = super().follow_up_values()
        if self.tags:
            values['tags'] = [('add', [t.id for t in self.tags])]
        return values


class TicketTag(ModelSQL):
    __name__ = 'helpdesk.ticket-helpdesk.tag'

    ticket = fields.Many2One(
        'helpdesk.ticket', "Ticket", ondelete='CASCADE', required=True)
    tag = fields.Many2One(
        'helpdesk.tag', "Tag", ondelete='CASCADE', required=True)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.__access__.add('ticket')
        t = cls.__table__()
        cls._sql_constraints = [
            ('ticket_tag_unique', Unique(t, t.ticket, t.tag),
                'helpdesk.msg_ticket_tag_unique'),
            ]
