# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.i18n import gettext
from trytond.model.exceptions import AccessError
from trytond.pool import Pool, PoolMeta


class Attachment(metaclass=PoolMeta):
    __name__ = 'ir.attachment'

    @classmethod
    def check_modification(
            cls, mode, attachments, values=None, external=False):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        super().check_modification(
            mode, attachments, values=values, external=external)
        # Who may write the ticket could by __access__ change what was sent
        target = str((values or {}).get('resource') or ''
            if mode == 'write' else '')
        if external and (target.startswith(Conversation.__name__ + ',')
                or any(isinstance(a.resource, Conversation)
                    for a in attachments)):
            raise AccessError(gettext('helpdesk.msg_conversation_kept'))


class Cron(metaclass=PoolMeta):
    __name__ = 'ir.cron'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.method.selection.extend([
                ('helpdesk.section|release',
                    "Unassign Helpdesk Tickets of Who Has Left"),
                ('helpdesk.work_calendar|import_next',
                    "Import Holidays of Helpdesk Opening Hours"),
                ('helpdesk.ticket|deal_waiting',
                    "Assign Waiting Helpdesk Tickets"),
                ('helpdesk.ticket|wake', "Wake Waiting Helpdesk Tickets"),
                ('helpdesk.ticket|close_due',
                    "Close Resolved Helpdesk Tickets"),
                ('helpdesk.ticket|fill_times',
                    "Work out Times of Helpdesk Tickets for Reports"),
                ('helpdesk.ticket|notify_due',
                    "Tell of Helpdesk Tickets Due or Missed"),
                ('helpdesk.notice|send_waiting', "Send Helpdesk Notices"),
                ('helpdesk.work_calendar|open_ahead',
                    "Work out Helpdesk Opening Hours Ahead"),
                ])

    @classmethod
    def create(cls, vlist):
        # Once for all companies. In XML a list would be an error as soon as
        # another module that the helpdesk can use is activated
        return super().create([
                {'companies': [], **values}
                if (values.get('method') or '').startswith('helpdesk.')
                else values
                for values in vlist])


class Rule(metaclass=PoolMeta):
    __name__ = 'ir.rule'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.domain.help += (
            '\n- "helpdesk_sections" as list of ids of the sections '
            'the current user sees')

    @classmethod
    def _get_cache_key(cls, model_names):
        pool = Pool()
        User = pool.get('res.user')
        key = super()._get_cache_key(model_names)
        return (*key, User.get_helpdesk_sections())

    @classmethod
    def _get_context(cls, model_name):
        pool = Pool()
        User = pool.get('res.user')
        context = super()._get_context(model_name)
        context['helpdesk_sections'] = User.get_helpdesk_sections()
        return context
