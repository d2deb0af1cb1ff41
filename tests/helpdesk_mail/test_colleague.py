# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
from email import message_from_bytes, policy

from trytond.modules.helpdesk_mail.intake import signing
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.helpdesk.test_notice import hear
from tests.helpdesk_mail.test_receive import deliver, helpdesk, sent
from tests.records import letter

AGENT = 'agent@staff.example'


def setup_module():
    activate_module('helpdesk_mail')


def answered_by_mail(agent_mail='send', **values):
    "Return a helpdesk whose agent has an address, and a letter's ticket"
    pool = Pool()
    User = pool.get('res.user')
    desk = helpdesk(
        agent_mail=agent_mail, subaddress=True, acknowledge=False, **values)
    User.write([desk.agent], {'email': AGENT.title()})
    mail, = deliver(letter("My printer burns.", subject="Printer"))
    return desk, mail.ticket


def notice(ticket, user, event='answered'):
    "Return the mail that tells the user of the ticket"
    pool = Pool()
    Notice = pool.get('helpdesk.notice')
    notice, = Notice.create([{
                'user': user.id, 'ticket': ticket.id, 'event': event}])
    return message_from_bytes(
        bytes(notice.render()), policy=policy.default)


def address(ticket, user):
    secret = Pool().get('helpdesk.mail.key').get_secret()
    return signing.agent_address(
        secret, ticket.id, user.id, 'support@example.com')


def reply(notice, text="A fireman is on his way.", sender=AGENT, **values):
    "Return the answer to the notice as Gmail writes it"
    quoted = notice.get_content().replace('\n', '\n> ')
    values.setdefault('attachments', [])
    return letter(
        f"{text}\n\n-- \nAgent\n{AGENT}\n\n"
        f"On Mon, Nov 2, 2026 at 10:00 AM <x@example.com> wrote:\n> {quoted}",
        sender=f"Private Name <{sender}>",
        to=notice['Reply-To'] or 'support@example.com',
        subject=f"Re: {notice['Subject']}",
        In_Reply_To=notice['Message-ID'], **values)


@with_transaction(user=0)
def test_sent_to_customer():
    "AG7: the agent's answer by mail is the section's answer"
    desk, ticket = answered_by_mail()
    mail, = deliver(reply(
            notice(ticket, desk.agent),
            attachments=[('plan.pdf', b'%PDF')]))

    assert mail.state == 'filed'
    assert "sent to the customer" in mail.reason
    assert mail.ticket == ticket
    conversation, = sent(ticket)
    assert mail.conversation == conversation
    assert conversation.body == "A fireman is on his way."
    assert conversation.employee == desk.agent.employee
    assert conversation.author == desk.agent.employee.rec_name
    assert conversation.to_addresses == 'ada@example.org'
    assert conversation.delivery == 'queued'
    assert [a.name for a in conversation.attachments] == ['plan.pdf']
    assert ticket.first_answer_at
    assert not ticket.unread
    assert ticket.state == 'open'


@with_transaction(user=0)
def test_customer_does_not_see_the_agent():
    "AG7: the customer gets neither the agent's address nor the notice"
    from trytond.modules.helpdesk_mail.outgoing import Outgoing
    desk, ticket = answered_by_mail()
    mail, = deliver(reply(
            notice(ticket, desk.agent), html="<p>A fireman</p>"))

    raw = bytes(Outgoing([]).render(mail.conversation, '', []))
    assert b'A fireman is on his way.' in raw
    for hidden in [b'staff.example', b'Private', b'customer answered',
            b'-=-=-', b'burns', b'/model/']:
        assert hidden not in raw


@with_transaction(user=0)
def test_notice_of_a_letter():
    "AG7: a notice about a letter says what answering it does"
    desk, ticket = answered_by_mail()
    message = notice(ticket, desk.agent)

    assert message['Reply-To'] == address(ticket, desk.agent)
    assert "Answer this mail to answer the customer." in message.get_content()
    assert "My printer burns." in message.get_content()
    desk.section.agent_mail = 'note'
    desk.section.save()
    assert "add an internal note" in (
        notice(ticket, desk.agent).get_content())


@with_transaction(user=0)
def test_notice_that_cannot_be_answered():
    "AG7: a notice about anything else says that nobody would read an answer"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    desk, ticket = answered_by_mail()

    def check(event='answered'):
        message = notice(ticket, desk.agent, event)
        assert not message['Reply-To']
        assert "it would not reach anybody" in message.get_content()
        assert "burns" not in message.get_content()

    check('chat')
    check('changed')
    for name, value in [
            ('agent_mail', 'hold'), ('subaddress', False),
            ('mail_address', None)]:
        before = getattr(desk.section, name)
        setattr(desk.section, name, value)
        desk.section.save()
        check()
        setattr(desk.section, name, before)
        desk.section.save()
    Conversation.create([{
                'ticket': ticket.id, 'kind': 'note', 'direction': 'internal',
                'body': "A secret"}])
    assert "A secret" not in notice(ticket, desk.agent).get_content()
    hear(ticket, kind='phone', direction='out', body="We said something")
    check()


@with_transaction(user=0)
def test_absence_of_the_agent():
    "AG7, ML12: the customer does not get the agent's out-of-office"
    desk, ticket = answered_by_mail()
    mail, = deliver(reply(
            notice(ticket, desk.agent), "I am away.",
            Auto_Submitted='auto-replied'))

    assert mail.state == 'ignored'
    assert "automatic" in mail.reason
    assert not sent(ticket)
    assert len(ticket.conversations) == 1


def check_held(desk, ticket, raw, reason="nothing proves"):
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    before = len(ticket.conversations)
    mail, = deliver(raw)
    assert mail.state == 'held'
    assert reason in mail.reason
    assert len(Ticket(ticket.id).conversations) == before
    assert Ticket.search([], count=True) == 1


@with_transaction(user=0)
def test_spoofed_agent():
    "SE6: From of an agent and a number or Message-ID of ours prove nothing"
    desk, ticket = answered_by_mail()
    answer, = Pool().get('helpdesk.conversation').create([{
                'ticket': ticket.id, 'kind': 'email', 'direction': 'out',
                'body': "We look at it."}])
    for number, values in enumerate([
                {'subject': f"Re: [#{ticket.number}] Printer"},
                {'In_Reply_To': f'<{answer.message_id}>'},
                {'to': signing.reply_address(
                        Pool().get('helpdesk.mail.key').get_secret(),
                        ticket.id, 'support@example.com')},
                ]):
        check_held(desk, ticket, letter(
                f"Pay to this account {number}", sender=AGENT, **values))


@with_transaction(user=0)
def test_address_of_somebody_else():
    "SE6: the signed address counts from the user it was made for"
    pool = Pool()
    User = pool.get('res.user')
    desk, ticket = answered_by_mail()
    User.write([desk.manager], {'email': 'boss@staff.example'})
    message = notice(ticket, desk.agent)

    check_held(desk, ticket, reply(message, "1", 'boss@staff.example'))
    check_held(desk, ticket, reply(message, "2", 'mallory@example.net'))
    message.replace_header(
        'Reply-To', message['Reply-To'].replace(
            f'-{desk.agent.id}-', f'-{desk.manager.id}-'))
    check_held(desk, ticket, reply(message, "3", 'boss@staff.example'))


@with_transaction(user=0)
def test_failed_dmarc_is_no_agent():
    "SE6, ML17: a letter that its domain disowns is not the agent's"
    desk, ticket = answered_by_mail()
    pool = Pool()
    Inbox = pool.get('inbound.email.inbox')
    inbox = Inbox(name="Support", helpdesk_authserv='mx.example.com')
    inbox.save()
    mail, = deliver(reply(
            notice(ticket, desk.agent),
            Authentication_Results='mx.example.com; dmarc=fail'),
        inbox=inbox)

    assert mail.state == 'held'
    assert "could not be verified" in mail.warning
    assert not sent(ticket)


@with_transaction(user=0)
def test_one_of_several_senders():
    "SE6: a letter that is also of somebody else proves nothing"
    desk, ticket = answered_by_mail()
    mail, = deliver(letter(
            "Pay.", sender=f'{AGENT}, Eve <eve@example.net>',
            to=address(ticket, desk.agent)))

    assert mail.state == 'held'
    assert not sent(ticket)


@with_transaction(user=0)
def test_user_who_may_no_longer():
    "AG7, SE6: the address ends with the rights of the user"
    pool = Pool()
    Section = pool.get('helpdesk.section')
    User = pool.get('res.user')
    desk, ticket = answered_by_mail(visibility='private')
    message = notice(ticket, desk.agent)
    groups = [g.id for g in desk.agent.groups]

    User.write([desk.agent], {'active': False})
    check_held(desk, ticket, reply(message, "1"))
    User.write([desk.agent], {
            'active': True, 'groups': [('remove', groups)]})
    check_held(desk, ticket, reply(message, "2"))
    User.write([desk.agent], {'groups': [('add', groups)]})
    Section.write([desk.section], {
            'members': [('remove', [desk.agent.employee.id])]})
    check_held(desk, ticket, reply(message, "3"))
    Section.write([desk.section], {
            'members': [('add', [desk.agent.employee.id])]})
    mail, = deliver(reply(message, "4"))
    assert mail.state == 'filed'


@with_transaction(user=0)
def test_held_by_setting():
    "AG7: by default nothing that an agent writes by mail is sent"
    desk, ticket = answered_by_mail()
    message = notice(ticket, desk.agent)
    desk.section.agent_mail = 'hold'
    desk.section.save()

    check_held(desk, ticket, reply(message), "does not pass on")


@with_transaction(user=0)
def test_note():
    "AG7: a section may want notes of such answers"
    desk, ticket = answered_by_mail('note')
    mail, = deliver(reply(notice(ticket, desk.agent), "Call him."))

    note = mail.conversation
    assert (note.kind, note.direction) == ('note', 'internal')
    assert note.body == "Call him."
    assert note.employee == desk.agent.employee
    assert not sent(ticket)
    assert ticket.unread


@with_transaction(user=0)
def test_nothing_to_send():
    "AG7: an answer without anything new, or between the lines, waits"
    desk, ticket = answered_by_mail()
    message = notice(ticket, desk.agent)
    check_held(desk, ticket, reply(message, ""), "nothing new")
    check_held(desk, ticket, letter(
            f"> {ticket.subject}\nYes.\n> burns\nA fireman comes.",
            sender=AGENT, to=message['Reply-To']), "between the lines")


@with_transaction(user=0)
def test_closed_ticket():
    "AG7, E5: a closed ticket is not answered by mail either"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk, ticket = answered_by_mail()
    message = notice(ticket, desk.agent)
    Ticket.close([ticket])

    check_held(desk, ticket, reply(message), "closed")


@with_transaction(user=0)
def test_release():
    "SE6: what is released becomes a letter to the section, not an answer"
    pool = Pool()
    Mail = pool.get('helpdesk.mail')
    desk, ticket = answered_by_mail('hold')
    mail, = deliver(letter(
            "Pay there", sender=AGENT, to=address(ticket, desk.agent)))
    assert mail.state == 'held'
    Mail.release([mail])
    Mail.judge([mail])
    mail = Mail(mail.id)

    assert mail.state == 'filed'
    assert mail.ticket != ticket
    assert mail.conversation.direction == 'in'
    assert not sent(ticket)


@with_transaction(user=0)
def test_agent_as_customer():
    "AG7: an agent who is the customer of a ticket speaks as the customer"
    desk, _ = answered_by_mail()
    first, = deliver(letter("My own printer.", sender=AGENT))
    assert first.state == 'filed'
    assert not notice(first.ticket, desk.agent)['Reply-To']
    by_number, by_address = deliver(
        letter("One", sender=AGENT,
            subject=f"Re: [#{first.ticket.number}]"),
        letter("Two", sender=AGENT,
            to=address(first.ticket, desk.agent)))

    for mail in [by_number, by_address]:
        assert mail.ticket == first.ticket
        assert mail.conversation.direction == 'in'


@with_transaction(user=0)
def test_own_addresses():
    "ML14: our own address is dropped, whatever it writes to"
    pool = Pool()
    User = pool.get('res.user')
    desk, ticket = answered_by_mail()
    message = notice(ticket, desk.agent)
    User.write([desk.agent], {'email': 'support@example.com'})
    mail, = deliver(reply(message, sender='support@example.com'))

    assert mail.state == 'ignored'
    assert not sent(ticket)


@with_transaction(user=0)
def test_same_answer_twice():
    "AG7, ML4: the customer gets an answer once"
    desk, ticket = answered_by_mail()
    raw = reply(notice(ticket, desk.agent))
    first, second = deliver(raw, raw)
    third, = deliver(raw)

    assert sorted(m.state for m in [first, second, third]) == [
        'filed', 'ignored', 'ignored']
    assert len(sent(ticket)) == 1


@with_transaction(user=0)
def test_address_stays_secret():
    "SE6: colleagues do not get the address that an agent answered to"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    desk, ticket = answered_by_mail()
    first, = ticket.conversations
    mail, = deliver(reply(notice(ticket, desk.agent)))
    colleague = desk.make_user('colleague', [desk.section])

    user, context = desk.as_user(colleague)
    with user, context:
        raw = {r['id']: (r['raw'], r['raw_name']) for r in Conversation.read(
                [mail.conversation.id, first.id], ['raw', 'raw_name'])}
    assert raw[mail.conversation.id] == (None, None)
    assert all(raw[first.id])


@with_transaction(user=0)
def test_sent_as_the_wizard_proposes():
    "AG7, C13: who gets copies of answers gets those by mail, but the agent"
    pool = Pool()
    Address = pool.get('helpdesk.mail.address')
    desk, ticket = answered_by_mail(reply_all=True)
    ticket.participants = [
        {'email': 'bob@example.org', 'role': 'cc'},
        {'email': 'eve@example.net', 'role': 'cc'},
        {'email': 'boss@example.com', 'role': 'watcher'},
        {'email': AGENT, 'role': 'watcher'},
        ]
    ticket.save()
    Address.create([{'pattern': 'example.net', 'not_in_copy': True}])
    message = notice(ticket, desk.agent)
    mail, = deliver(reply(message))
    assert mail.conversation.to_addresses == 'ada@example.org'
    assert set(mail.conversation.cc_addresses.split(', ')) == {
        'bob@example.org', 'boss@example.com'}

    desk.section.reply_all = False
    desk.section.save()
    Conversation = pool.get('helpdesk.conversation')
    Conversation.create([{
                'ticket': ticket.id, 'kind': 'email', 'direction': 'out',
                'to_addresses': 'ada@example.org', 'body': "Only you"}])
    mail, = deliver(reply(message, "And only you."))
    assert mail.conversation.cc_addresses == 'boss@example.com'


@with_transaction(user=0)
def test_too_large():
    "AG7, A8: an answer that no server would take waits, and says why"
    pool = Pool()
    Server = pool.get('helpdesk.mail.server')
    desk, ticket = answered_by_mail()
    server = Server(
        name="Small", host='localhost', authentication='none',
        max_size=50_000)
    server.save()
    desk.section.mail_server = server
    desk.section.save()
    message = notice(ticket, desk.agent)
    mail, small = deliver(
        reply(message, attachments=[('plan.pdf', b'%PDF' * 20_000)]),
        reply(message, "Here", attachments=[('plan.pdf', b'%PDF' * 2_000)]))
    assert (mail.state, mail.reason_key) == ('held', 'agent_large')
    assert "too large" in mail.reason
    assert small.state == 'filed'


@with_transaction(user=0)
def test_layout():
    "AG7: an answer by mail looks like any other of the section"
    from trytond.modules.helpdesk_mail.outgoing import Outgoing
    desk, ticket = answered_by_mail(
        mail_separator="Please write above this line", quote_history=True,
        signature="${agent.name}, Example Ltd")
    mail, = deliver(reply(notice(ticket, desk.agent), html="<b>A fireman</b>"))
    raw = Outgoing([]).render(mail.conversation, '', [
            c for c in ticket.conversations if c.message_id])
    for kind in ['plain', 'html']:
        text = raw.get_body((kind,)).get_content()
        for part in ["Please write above this line",
                "A fireman is on his way.", "Agent, Example Ltd",
                "My printer burns."]:
            assert part in text
