# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
A bus for a server of one process, for databases without channels.

On SQLite Tryton tells its clients of nothing. Here is what does, in the
memory of one process: what others publish, such as trytond-cron, does not
arrive. On PostgreSQL use Tryton's own.

Only the server is told of it, see server.py.
"""
import threading
import uuid

import trytond.config as config
from trytond.bus import LongPollingBus, _MessageQueue
from trytond.transaction import Transaction


class LocalBus:

    # By name of the database
    _queues = {}
    _changed = threading.Condition()

    @classmethod
    def subscribe(cls, database, channels, last_message=None):
        """
        Return what comes next on the channels as the bus of Tryton does.

        channels is a set of str, last_message the id of the last message that
        the client has had. Wait for it as long as the configuration says.
        """
        timeout = config.getint('bus', 'long_polling_timeout')
        with cls._changed:
            queue = cls._queue(database)
            found = cls._changed.wait_for(
                lambda: _after(queue, channels, last_message), timeout)
        return LongPollingBus.create_response(*found or (None, None))

    @classmethod
    def publish(cls, channel, message):
        "Publish the message, a dictionary, once the transaction is committed"
        message['message_id'] = str(uuid.uuid4())
        transaction = Transaction()
        delivery = transaction.join(Delivery(cls, transaction.database.name))
        delivery.messages.append((channel, message))

    @classmethod
    def deliver(cls, database, messages):
        with cls._changed:
            queue = cls._queue(database)
            for channel, message in messages:
                queue.append(channel, message)
            cls._changed.notify_all()

    @classmethod
    def _queue(cls, database):
        if database not in cls._queues:
            cls._queues[database] = _MessageQueue(
                config.getint('bus', 'cache_timeout'))
        return cls._queues[database]


def _after(queue, channels, last_message):
    "Return the channel and the message that come next, or None"
    channel, message = queue.get_next(channels, last_message)
    if message:
        return channel, message


class Delivery:
    "What a transaction publishes, as its data manager"

    def __init__(self, bus, database):
        self.bus = bus
        self.database = database
        self.messages = []

    def __eq__(self, other):
        if not isinstance(other, Delivery):
            return NotImplemented
        return (self.bus, self.database) == (other.bus, other.database)

    def tpc_begin(self, transaction):
        pass

    def commit(self, transaction):
        pass

    def tpc_vote(self, transaction):
        pass

    def tpc_finish(self, transaction):
        messages, self.messages = self.messages, []
        self.bus.deliver(self.database, messages)

    def tpc_abort(self, transaction):
        self.messages = []
