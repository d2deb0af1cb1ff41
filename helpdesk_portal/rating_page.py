# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Where customers rate: below a ticket, and the page behind the link of a mail.
"""
from dataclasses import dataclass

from trytond.pool import Pool

from . import forms
from .pages import VisitPage


@dataclass(frozen=True)
class Choice:
    score: int
    words: str
    chosen: bool


class RatingForm:
    "The form with a choice for each score, as templates/rating.html shows it"

    def __init__(self, page, address, sent=forms.Rating()):
        """
        page is the Page that shows it, address the path that it is sent to;
        sent the forms.Rating to show again, with its errors.
        """
        self.page = page
        self.address = address
        self.sent = sent

    @property
    def choices(self):
        pool = Pool()
        Rating = pool.get('helpdesk.rating')
        words = Rating.words(self.page.lang.code)
        return [
            Choice(score, words[score], score == self.score)
            for score in sorted(words, reverse=True)]

    @property
    def score(self):
        return self.sent.score

    @property
    def comment(self):
        return self.sent.comment

    @property
    def errors(self):
        return [(name, self.error(name)) for name in self.sent.errors]

    def error(self, name):
        error = self.sent.errors.get(name)
        if error:
            return self.page.text(f'form_{error.key}', **error.variables)


class RatingPart:
    "What the page of a ticket shows of ratings"

    def __init__(self, page, sent=None, refused=False):
        """
        page is the TicketPage; sent the forms.Rating to show again, or None;
        refused tells that one was sent that can't be taken.
        """
        self.page = page
        self.sent = sent
        self.refused = refused

    @property
    def form(self):
        "Return the RatingForm, or None if the visitor can't rate now"
        pool = Pool()
        Rating = pool.get('helpdesk.rating')
        page = self.page
        if not page.ticket.may_rate_on_portal(page.visitor):
            return
        sent = self.sent
        if sent is None:
            given = Rating.of_round([page.ticket]).get(page.ticket)
            sent = (
                forms.Rating(given.score, given.comment or '') if given
                else forms.Rating())
        return RatingForm(
            page, page.path('tickets', page.number, 'rate'), sent)


class RatingPage(VisitPage):
    "The page behind the link of a mail: of the ticket it tells only the name"
    template = 'rate.html'

    def __init__(self, request, asked, sent=forms.Rating()):
        """
        asked is the helpdesk.rating.request; sent the forms.Rating to show.
        """
        ticket = asked.ticket
        super().__init__(
            request, language=ticket.language, company=ticket.company)
        self.ticket = ticket
        self.status = asked.status
        self.form = RatingForm(self, request.path, sent)

    @property
    def heading(self):
        return self.text(f'rating_{self.status}_heading')

    @property
    def errors(self):
        return self.form.errors

    @property
    def sentence(self):
        if self.status != 'open':
            return self.text(f'rating_{self.status}_text')
