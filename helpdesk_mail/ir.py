# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.pool import PoolMeta


class Cron(metaclass=PoolMeta):
    __name__ = 'ir.cron'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.method.selection.extend([
                ('helpdesk.mail.account|fetch', "Fetch Helpdesk Mail"),
                ('helpdesk.mail|judge_waiting', "File Waiting Helpdesk Mail"),
                ('helpdesk.mail|remove_old', "Remove Old Helpdesk Mail"),
                ('helpdesk.conversation|send_waiting', "Send Helpdesk Mail"),
                ])
