# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Letters as customers write them, the same for the same seed.
"""
import datetime as dt
import random
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

CUSTOMERS = 400
# In a hundred letters
FORMS = {'plain': 45, 'html': 30, 'latin-1': 12, 'attachment': 13}
# How a reply tells its ticket, in a hundred
CLUES = {'references': 70, 'number': 15, 'address': 15}
NAMES = ["Ada", "Núria", "Björn", "Chloé", "José", "Edsger", "Grace", "Zoë"]
WORDS = (
    "the printer invoice does not work since Monday please could you tell me "
    "when our order delivery arrives thank network password screen el "
    "teléfono no función mañana año la comanda número demà gràcies façana "
    "qualité été réponse Straße möglich für zurück update error again "
    "warranty customer number attached see below regards").split()
START = dt.datetime(2026, 11, 2, 8, tzinfo=dt.timezone.utc)


@dataclass(frozen=True)
class Customer:
    index: int

    @property
    def name(self):
        return f"{NAMES[self.index % len(NAMES)]} Customer {self.index}"

    @property
    def email(self):
        return f'customer-{self.index}@example.org'


@dataclass(frozen=True)
class Confirmation:
    "What the customer knows of a ticket"
    number: str
    subject: str
    email: str
    message_id: str
    reply_address: str


class Writer:

    def __init__(self, seed, address):
        self.random = random.Random(seed)
        self.address = address
        self.customers = {c.email: c for c in map(Customer, range(CUSTOMERS))}
        self.count = 0

    def kinds(self, count, batch):
        "Return which letters are new and which reply to a former batch"
        replies = count * 2 // 5
        kinds = ['reply'] * replies + ['new'] * (count - replies - batch)
        self.random.shuffle(kinds)
        return ['new'] * batch + kinds

    def new(self):
        "Return a letter about something new, as bytes"
        customer = self.random.choice(list(self.customers.values()))
        return self._letter(
            customer, self.address, self._words(3, 8).capitalize())

    def reply(self, confirmation):
        "Return a letter that replies to the confirmation, as bytes"
        clue = self._choose(CLUES)
        headers = {}
        if clue == 'references':
            headers = {
                'In-Reply-To': f'<{confirmation.message_id}>',
                'References': f'<{confirmation.message_id}>',
                }
        return self._letter(
            self.customers[confirmation.email],
            (confirmation.reply_address if clue == 'address'
                else self.address),
            (f"Re: [#{confirmation.number}] {confirmation.subject}"
                if clue != 'address' else "Re: " + confirmation.subject),
            **headers)

    def _letter(self, customer, to, subject, **headers):
        self.count += 1
        message = EmailMessage(policy=policy.SMTP)
        message['From'] = f'"{customer.name}" <{customer.email}>'
        message['To'] = to
        message['Subject'] = subject
        message['Date'] = format_datetime(
            START + dt.timedelta(minutes=self.count))
        message['Message-ID'] = f'<{self.count}.bench@example.org>'
        for name, value in headers.items():
            message[name] = value
        self._fill(message, self._choose(FORMS))
        return bytes(message)

    def _fill(self, message, form):
        paragraphs = [
            self._words(20, 60) for _ in range(self.random.randint(1, 6))]
        message.set_content(
            '\n\n'.join(paragraphs) + '\n',
            charset='iso-8859-1' if form == 'latin-1' else 'utf-8')
        if form == 'html':
            message.add_alternative(
                '<html><body style="font-family: sans-serif">' + ''.join(
                    f'<p class="text">{p}</p>\n' for p in paragraphs)
                + '<p><img src="https://example.org/logo.png">'
                '<a href="https://example.org/">Example</a></p></body></html>',
                subtype='html')
        elif form == 'attachment':
            message.add_attachment(
                self.random.randbytes(self.random.randint(5, 150) * 1024),
                maintype='application', subtype='pdf',
                filename=f'document-{self.count}.pdf')
        for number, part in enumerate(message.walk()):
            if part.is_multipart():
                # Otherwise chosen at random
                part.set_boundary(f'=-{self.count}-{number}')

    def _choose(self, weights):
        return self.random.choices([*weights], [*weights.values()])[0]

    def _words(self, least, most):
        return ' '.join(
            self.random.choices(WORDS, k=self.random.randint(least, most)))
