# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What has happened before a person first looks at the demo.

Customers write through the pipe, agents work with their own rights.
"""
import datetime as dt
from email.utils import format_datetime, localtime, parseaddr

from . import agent, place, post
from .settings import CHANNEL, INVITED
from .sink import read

LETTERS = place.ROOT / 'demo' / 'letters'
HEATING = """\
Hola, Lucía:

pruebe a descalcificar la caldera: apague la máquina, ponga una dosis del
kit en el depósito y pulse dos veces el botón de vapor. En veinte minutos
la luz tiene que pasar a verde.

Un saludo,
Ana"""
CANADA = """\
Hello Emily,

yes, there is a version for 110 volts, and it costs the same. When would
you need it?

Best regards,
Ana"""
WAND = """\
The steam wand has to be replaced: 84.00 EUR and VAT, with the work.
May we do it?"""
GRINDER = "He trucat al magatzem: el molinet surt demà al matí."


def tell(settings):
    for name in [
            '01-not-heating', '02-missing-grinder', '03-question',
            '04-leaking-photo', '05-invoice-name', '06-how-often',
            '09-new-customer', '10-mega-deals', '11-second-machine']:
        _send(settings, _letter(name))
    with agent.log_in(settings, 'ana'):
        _answer("La Ribera Dos ya no calienta", HEATING, 'wait')
        _answer("Does the Ribera One work with 110 V?", CANADA, 'wait')
        ticket = agent.ticket("Cada quant cal descalcificar?")
        ticket.click('take')
        agent.answer_with(ticket, "Cada quant descalcificar", 'resolve')
        ticket = agent.ticket("Steam wand is leaking (photo)")
        ticket.click('take')
        agent.ask(ticket, WAND)
        agent.invite("Café Central", INVITED)
    with agent.log_in(settings, 'joan'):
        # The section has made him responsible
        ticket = agent.ticket("Falta el molinet de la comanda")
        agent.note(ticket, GRINDER)
    for name in ['07-out-of-office', '08-still-orange']:
        _reply(settings, _letter(name))
    with agent.log_in(settings, 'ana'):
        ticket = agent.ticket("La Ribera Dos ya no calienta")
        agent.sort(ticket, "Repair", "Warranty", serial_number='RD-2024-0117')
        agent.watch(ticket, "Gestoría Sol", 'averias@gestoriasol.example')
        agent.plan(ticket, "Llamar a Lucía y acordar la recogida",
            dt.date.today() + dt.timedelta(days=1))
        agent.join(CHANNEL)


def _letter(name):
    return read(LETTERS / f'{name}.eml')


def _send(settings, letter):
    letter['Date'] = format_datetime(localtime())
    post.send_in(settings, letter)


def _reply(settings, letter):
    "Send it as the answer to the last letter that its writer received"
    writer = parseaddr(letter['From'])[1]
    post.thread(letter, post.wait_for(settings, writer))
    _send(settings, letter)


def _answer(subject, text, then):
    ticket = agent.ticket(subject)
    ticket.click('take')
    agent.answer(ticket, text, then)
