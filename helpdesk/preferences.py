# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.model import fields
from trytond.pool import Pool, PoolMeta

WAYS = [
    ('none', "Not at All"),
    ('bell', "By the Bell"),
    ('mail', "By E-Mail"),
    ('both', "By the Bell and E-Mail"),
    ]


class User(metaclass=PoolMeta):
    __name__ = 'res.user'

    helpdesk_notice_assigned = fields.Selection(
        WAYS, "Made Responsible", required=True, sort=False,
        help="How you are told that a ticket is assigned to you.")
    helpdesk_notice_answered = fields.Selection(
        WAYS, "Customer Answered", required=True, sort=False,
        help="How you are told that the customer answered in a ticket "
        "that you are responsible for or follow, did not get a mail, or "
        "gave a bad rating.")
    helpdesk_notice_unassigned = fields.Selection(
        WAYS, "Nobody Responsible", required=True, sort=False,
        help="How you are told of tickets that nobody is responsible for, "
        "in a section that you are a member of or follow.")
    helpdesk_notice_due = fields.Selection(
        WAYS, "Due Soon", required=True, sort=False,
        help="How you are told that a ticket is due soon that you are "
        "responsible for, or that nobody in your section is.")
    helpdesk_notice_missed = fields.Selection(
        WAYS, "Missed", required=True, sort=False,
        help="How you are told that a ticket was not answered or solved in "
        "time, where it is you who is to be told.")
    helpdesk_notice_changed = fields.Selection(
        WAYS, "Other State", required=True, sort=False,
        help="How you are told that the state changed of a ticket that you "
        "are responsible for or follow, or of a sale or complaint made from "
        "it.")
    helpdesk_notice_chat = fields.Selection(
        WAYS, "Chat", required=True, sort=False,
        help="How you are told that a colleague wrote in the chat of a "
        "ticket that you are responsible for or follow.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._preferences_fields.extend([
                'helpdesk_notice_assigned',
                'helpdesk_notice_answered',
                'helpdesk_notice_unassigned',
                'helpdesk_notice_due',
                'helpdesk_notice_missed',
                'helpdesk_notice_changed',
                'helpdesk_notice_chat',
                ])

    @classmethod
    def default_helpdesk_notice_assigned(cls):
        return 'bell'

    default_helpdesk_notice_answered = default_helpdesk_notice_assigned
    default_helpdesk_notice_unassigned = default_helpdesk_notice_assigned
    default_helpdesk_notice_due = default_helpdesk_notice_assigned
    default_helpdesk_notice_missed = default_helpdesk_notice_assigned
    default_helpdesk_notice_changed = default_helpdesk_notice_assigned
    default_helpdesk_notice_chat = default_helpdesk_notice_assigned

    def notice_language(self):
        "Return the arguments that make gettext speak the user's language."
        pool = Pool()
        Configuration = pool.get('ir.configuration')
        language = (self.language.code if self.language
            else Configuration.get_language())
        return [language] if language else []
