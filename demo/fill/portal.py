# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"What customers see on the portal, and who of them may see what"
from pathlib import Path

from proteus import Model

from ..settings import CHANNEL, CUSTOMER, DOMAIN, PASSWORD, SHARED_DOMAIN
from .records import make, one

LOGO = Path(__file__).parent / 'logo.png'
WELCOME = """\
Your machine has a problem, or you have a question? Write to us: a person who
knows it answers on the same day."""
FOOTER = """\
Cafeteras Ribera, Carrer de la Ribera 12, 08003 Barcelona
Monday to Friday, 9 to 18 h"""
DESCRIPTION = """\
Tell us which machine you have, and what it does or does not do.
A photo often says more than words."""
CHAT = """\
Which machine, which beans, where is my order? Ask us."""


def fill(company, section):
    make(
        'helpdesk.brand', company=company, name="Cafeteras Ribera",
        logo=LOGO.read_bytes(), color='#8a3b12', welcome=WELCOME,
        footer=FOOTER, privacy_policy=f'https://www.{DOMAIN}/privacy',
        legal_notice=f'https://www.{DOMAIN}/legal')
    section.web_form = 'everyone'
    section.description = DESCRIPTION
    section.ask_rating = True
    section.save()
    make(
        'helpdesk.chat.channel', name=CHANNEL, section=section, text=CHAT,
        published=True)
    _share(one('party.party', ('name', '=', "Café Central")))
    make(
        'web.user', email=CUSTOMER, email_valid=True, password=PASSWORD,
        party=one('party.party', ('name', '=', "Harbour Tea Room")))


def _share(party):
    "All its people see all its tickets"
    party.helpdesk_sharing = 'everyone'
    Domain = Model.get('helpdesk.mail.domain')
    party.mail_domains.append(Domain(domain=SHARED_DOMAIN))
    party.save()
