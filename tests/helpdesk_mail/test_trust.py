# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.helpdesk_mail.test_receive import deliver, helpdesk, sent
from tests.records import letter

FAILED = 'mx.example.com; dmarc=fail header.from=example.org'


def setup_module():
    activate_module('helpdesk_mail')


def checked(servers='mx.example.com'):
    "Return an inbox that believes the servers"
    pool = Pool()
    Inbox = pool.get('inbound.email.inbox')
    inbox = Inbox(name="Support", helpdesk_authserv=servers)
    inbox.save()
    return inbox


@with_transaction()
def test_failed_dmarc_warns():
    "ML17: a failed DMARC shows on the letter and on the conversation"
    helpdesk()
    mail, = deliver(
        letter(Authentication_Results=FAILED), inbox=checked())

    for record in [mail, mail.conversation]:
        assert record.warning == (
            "The sender could not be verified (DMARC failed).")
    assert mail.conversation.from_address == 'ada@example.org'
    assert mail.conversation.author == "Ada"


@with_transaction()
def test_no_trusted_server():
    "ML17: nothing is believed of servers that are not known"
    helpdesk()
    one, = deliver(letter("one", Authentication_Results=FAILED))
    two, = deliver(
        letter("two", Authentication_Results=FAILED),
        inbox=checked("mx.other.example, mx2.other.example"))

    assert not one.warning
    assert not two.conversation.warning


@with_transaction()
def test_reply_to():
    "ML17: From is shown as the sender, a Reply-To elsewhere as a warning"
    helpdesk()
    mail, = deliver(letter(Reply_To='Ada <ada@evil.example>'))

    assert mail.ticket.email == 'ada@example.org'
    assert mail.conversation.from_address == 'ada@example.org'
    assert mail.conversation.warning == (
        "Answers were asked to go to ada@evil.example.")
    assert {c.to_addresses for c in sent(mail.ticket)} == {
        'ada@example.org'}


@with_transaction()
def test_number_alone():
    "ML17, SE9: a forged sender joins no ticket by its number alone"
    helpdesk()
    inbox = checked()
    mail, = deliver(letter(), inbox=inbox)
    confirmation, = sent(mail.ticket)
    by_number, by_reference = deliver(
        letter("one", subject=f"Re: [#{mail.ticket.number}]",
            Authentication_Results=FAILED),
        letter("two", In_Reply_To=f'<{confirmation.message_id}>',
            Authentication_Results=FAILED),
        inbox=inbox)

    assert by_number.ticket != mail.ticket
    assert by_number.ticket.preceding == mail.ticket
    assert by_number.conversation.warning
    assert by_reference.ticket == mail.ticket


@with_transaction()
def test_copies_of_a_forged_letter():
    "SE9: whom a forged letter names in copy takes no part in its ticket"
    helpdesk()
    forged, honest = deliver(
        letter("one", Cc='eve@evil.example', Authentication_Results=FAILED),
        letter("two", Cc='bob@example.org'), inbox=checked())

    assert not forged.ticket.participants
    assert [p.email for p in honest.ticket.participants] == [
        'bob@example.org']


@with_transaction()
def test_sign_up_of_a_third_party():
    "SE9: what a stranger's machine writes to the ticket is not part of it"
    from trytond.modules.helpdesk_mail.intake import signing
    helpdesk()
    mail, = deliver(letter())
    stranger, = deliver(letter(
            "Your code is 1234", sender='no-reply@sign-up.example',
            to=signing.reply_address(
                Pool().get('helpdesk.mail.key').get_secret(),
                mail.ticket.id, 'support@example.com')))

    assert stranger.ticket != mail.ticket
    assert not sent(stranger.ticket)


@with_transaction()
def test_control_headers():
    "SE7: headers by which others are controlled have no effect"
    helpdesk()
    plain, other = deliver(
        letter("one", sender='bob@example.org'),
        letter("two", X_Tryton_Helpdesk='guessed', X_Tryton_Section='9',
            X_Helpdesk_Ticket=plain_number(), X_Helpdesk_State='closed',
            X_RT_Owner='root', X_RT_Loop_Prevention='x',
            X_Tryton_Priority='urgent'))

    assert other.state == 'filed'
    assert other.ticket != plain.ticket
    for name in ['section', 'state', 'priority', 'employee', 'channel']:
        assert getattr(other.ticket, name) == getattr(plain.ticket, name)
    assert len(sent(other.ticket)) == 1


def plain_number():
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    return str(Ticket.search([], count=True) + 1)


@with_transaction()
def test_no_automatic_answer():
    "ML11, ML17: nobody gets answers to what another wrote in their name"
    pool = Pool()
    Template = pool.get('helpdesk.reply_template')
    template, = Template.create([{'name': "More", 'text': "Thank you."}])
    helpdesk(follow_up_template=template)
    mail, = deliver(
        letter(Authentication_Results=FAILED), inbox=checked())
    assert mail.state == 'filed'
    assert not sent(mail.ticket)

    good, = deliver(letter("two"), inbox=checked())
    confirmation, = sent(good.ticket)
    more, = deliver(letter(
            "three", Authentication_Results=FAILED,
            In_Reply_To=f'<{confirmation.message_id}>'), inbox=checked())
    assert more.ticket == good.ticket
    assert sent(good.ticket) == [confirmation]
