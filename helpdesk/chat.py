# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.bus import Bus
from trytond.i18n import gettext
from trytond.model.exceptions import AccessError
from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction, check_access, without_check_access

from .exceptions import FollowerError
from .follow import FollowMixin


class Channel(metaclass=PoolMeta):
    __name__ = 'ir.chat.channel'

    @classmethod
    def _followed(cls, resource):
        "Return the model of ours that the resource belongs to, if any."
        pool = Pool()
        Model = pool.get(str(resource).split(',')[0])
        if issubclass(Model, FollowMixin):
            return Model

    @classmethod
    @check_access
    def check_access(cls, resource):
        pool = Pool()
        Rule = pool.get('ir.rule')
        super().check_access(resource)
        # Tryton looks at the access to the model only
        Model = cls._followed(resource)
        transaction = Transaction()
        if Model and transaction.check_access:
            id_ = int(str(resource).split(',')[1])
            Rule.check(Model.__name__, [id_])
            if not Model.discussed_by(transaction.user, [id_]):
                raise AccessError(gettext('helpdesk.msg_chat_colleagues'))

    @classmethod
    def subscribe(cls, resource, username=None):
        pool = Pool()
        User = pool.get('res.user')
        Model = cls._followed(resource)
        if Model and username is not None:
            cls.check_access(resource)
            id_ = int(str(resource).split(',')[1])
            user, = User.search([('login', '=', username)])
            if not Model.discussed_by(user.id, [id_]):
                raise FollowerError(gettext(
                        'helpdesk.msg_follower_blind', user=user.rec_name))
        super().subscribe(resource, username=username)

    @classmethod
    def subscribe_email(cls, resource, email):
        if cls._followed(resource):
            raise FollowerError(gettext('helpdesk.msg_follower_email'))
        super().subscribe_email(resource, email)

    @classmethod
    def post(cls, resource, content, audience='internal'):
        if cls._followed(resource):
            # Customers are written to by answers only
            audience = 'internal'
        return super().post(resource, content, audience=audience)

    @classmethod
    def dispatch_message(cls, message, is_sender):
        resource = message.channel.resource
        if not cls._followed(resource):
            return super().dispatch_message(message, is_sender)
        # On the bus anybody may listen who is logged in: the client only
        # needs to know that there is something to fetch
        Bus.publish(f'chat:{resource}', {'type': 'message'})
        if Transaction().context.get('_notify', True):
            resource.chat_posted()

    @classmethod
    @without_check_access
    def add_followers(cls, followers):
        """
        Make users follow records, in a fixed number of statements.

        followers is a dictionary from references, such as
        'helpdesk.ticket,1', to ids of users.
        """
        pool = Pool()
        Follower = pool.get('ir.chat.follower')
        if not followers:
            return
        channels = list(cls.search([('resource', 'in', list(followers))]))
        missing = set(followers) - {str(c.resource) for c in channels}
        if missing:
            channels.extend(
                cls.create([{'resource': r} for r in sorted(missing)]))
        there = {(f.channel, f.user) for f in Follower.search([
                    ('channel', 'in', [c.id for c in channels]),
                    ('user', '!=', None),
                    ])}
        there = {(channel.id, user.id) for channel, user in there}
        Follower.create([{'channel': c.id, 'user': user}
                for c in channels
                for user in sorted(set(followers[str(c.resource)]))
                if (c.id, user) not in there])

    @classmethod
    @without_check_access
    def remove_follower(cls, resources, user):
        "Let the user, an id, no longer follow the resources."
        pool = Pool()
        Follower = pool.get('ir.chat.follower')
        Follower.delete(Follower.search([
                    ('channel.resource', 'in', list(map(str, resources))),
                    ('user', '=', user),
                    ]))

    @classmethod
    @without_check_access
    def remove(cls, resources):
        "Delete the chats of resources, references, that are no more."
        pool = Pool()
        Message = pool.get('ir.chat.message')
        channels = cls.search([('resource', 'in', resources)])
        if channels:
            Message.delete(Message.search([
                        ('channel', 'in', [c.id for c in channels]),
                        ]))
            cls.delete(channels)
