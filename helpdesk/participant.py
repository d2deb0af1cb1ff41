# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.model import Index, ModelSQL, ModelView, Unique, fields


class Participant(ModelSQL, ModelView):
    __name__ = 'helpdesk.participant'
    _rec_name = 'email'

    ticket = fields.Many2One(
        'helpdesk.ticket', "Ticket", required=True, ondelete='CASCADE')
    email = fields.Char("E-Mail", required=True,
        help="The address, in lower case.")
    name = fields.Char("Name",
        help="Who it is.")
    role = fields.Selection([
            ('cc', "In Copy"),
            ('watcher', "Watcher"),
            ], "Role", required=True, sort=False,
        help="In copy: the customer wrote to this address too; "
        "answers from it join the ticket.\n"
        "Watcher: also gets the answers of the section.")

    @classmethod
    def __setup__(cls):
        cls.email.search_unaccented = False
        super().__setup__()
        cls.__access__.add('ticket')
        t = cls.__table__()
        cls._sql_constraints = [
            ('ticket_email_unique', Unique(t, t.ticket, t.email),
                'helpdesk.msg_participant_unique'),
            ]
        cls._sql_indexes.add(Index(t, (t.email, Index.Equality())))

    @classmethod
    def default_role(cls):
        return 'watcher'

    @classmethod
    def preprocess_values(cls, mode, values):
        values = super().preprocess_values(mode, values)
        if values.get('email'):
            values['email'] = values['email'].strip().lower()
        return values
