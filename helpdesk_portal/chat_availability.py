# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Whether visitors of the live chat can talk to somebody, and when again.
"""
import datetime as dt
from typing import NamedTuple

from trytond.cache import Cache
from trytond.modules.helpdesk.worktime import NeverOpen
from trytond.pool import Pool, PoolMeta
from trytond.transaction import without_check_access

# Seconds for which it is not asked again: each page of a site may want it
KEPT = 10


def now():
    return dt.datetime.now()


class Availability(NamedTuple):
    """
    open tells whether the section works now, staffed whether an operator is
    present; opens_at is when it works again, a naive UTC datetime, None when
    it does or never will.
    """
    open: bool
    staffed: bool
    opens_at: dt.datetime | None


class ChatChannel(metaclass=PoolMeta):
    __name__ = 'helpdesk.chat.channel'

    _availability_cache = Cache(
        'helpdesk.chat.channel.availability', duration=KEPT, context=False)

    @property
    def is_offered(self):
        "Whether visitors may use the chat, somebody being there or not"
        return (self.active and self.published
            and self.section.active and self.section.visibility == 'public')

    @classmethod
    @without_check_access
    def availability(cls, channel):
        """
        Return the Availability of the channel.

        It may be some seconds old.
        """
        known = cls._availability_cache.get(channel.id)
        if known is None:
            known = channel._availability(now())
            cls._availability_cache.set(channel.id, tuple(known))
        return Availability(*known)

    def _availability(self, moment):
        is_open = self.is_open(moment)
        opens_at = None
        if not is_open:
            try:
                opens_at = self.section.worktime.next_opening(moment)
            except NeverOpen:
                pass
        return Availability(is_open, self.is_staffed, opens_at)

    @classmethod
    def on_modification(cls, mode, channels, field_names=None):
        super().on_modification(mode, channels, field_names=field_names)
        cls._availability_cache.clear()


class ChatOperator(metaclass=PoolMeta):
    __name__ = 'helpdesk.chat.operator'

    @classmethod
    def on_modification(cls, mode, operators, field_names=None):
        pool = Pool()
        Channel = pool.get('helpdesk.chat.channel')
        super().on_modification(mode, operators, field_names=field_names)
        Channel._availability_cache.clear()


def back_text(page, opens_at):
    """
    Return the sentence that tells when somebody is back, for the page.

    opens_at is a naive UTC datetime, or None if nobody knows.
    """
    if not opens_at:
        return page.text('chat_away')
    opens, today = (
        moment.replace(tzinfo=dt.timezone.utc).astimezone(page.zone)
        for moment in [opens_at, now()])
    days = (opens.date() - today.date()).days
    if days < 2:
        return page.text(
            'chat_back_tomorrow' if days else 'chat_back_today',
            time=_time(opens))
    if days < 7:
        return page.text('chat_back_weekday',
            day=page.lang.strftime(opens, '%A'), time=_time(opens))
    return page.text('chat_back_date',
        date=page.lang.strftime(opens.date()), time=_time(opens))


def _time(moment):
    return f'{moment.hour}:{moment:%M}'
