# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

from trytond.i18n import gettext
from trytond.model import Index, ModelSQL, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import Transaction, without_check_access

# Who has not sent by then has left without saying good-bye
FORGOTTEN = dt.timedelta(minutes=30)


class TicketWriter(ModelSQL):
    __name__ = 'helpdesk.ticket.writer'

    ticket = fields.Many2One(
        'helpdesk.ticket', "Ticket", required=True, ondelete='CASCADE')
    user = fields.Many2One(
        'res.user', "User", required=True, ondelete='CASCADE')
    session = fields.Integer("Session", required=True)
    since = fields.DateTime("Since", required=True)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.update({
                Index(t, (t.ticket, Index.Range())),
                Index(t, (t.session, Index.Range())),
                })

    @classmethod
    @without_check_access
    def begin(cls, ticket, session):
        """
        Note that the current user begins to write in a session of a wizard.

        Return what to tell about the others who write to the same ticket.
        """
        now = dt.datetime.now().replace(microsecond=0)
        cls.delete(cls.search(['OR',
                    ('since', '<', now - FORGOTTEN),
                    ('session', '=', session),
                    ]))
        others = cls.search([
                ('ticket', '=', ticket.id),
                ('user', '!=', Transaction().user),
                ], order=[('since', 'ASC')])
        told = '\n'.join(
            gettext('helpdesk.msg_ticket_writer',
                user=(w.user.employee or w.user).rec_name,
                minutes=(now - w.since) // dt.timedelta(minutes=1))
            for w in others)
        cls.create([{
                    'ticket': ticket.id,
                    'user': Transaction().user,
                    'session': session,
                    'since': now,
                    }])
        return told

    @classmethod
    @without_check_access
    def end(cls, session):
        "Note that who writes in the session has sent or given up."
        cls.delete(cls.search([('session', '=', session)]))


class AnswerStart(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket.answer.start'

    writers = fields.Text("Writers", readonly=True,
        states={
            'invisible': ~Eval('writers'),
            },
        help="Who else is writing an answer.")


class Answer(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket.answer'

    def default_start(self, fields):
        pool = Pool()
        Writer = pool.get('helpdesk.ticket.writer')
        return {
            **super().default_start(fields),
            'writers': Writer.begin(self.record, self._session_id),
            }

    def end(self):
        pool = Pool()
        Writer = pool.get('helpdesk.ticket.writer')
        Writer.end(self._session_id)
        return super().end()
