# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The ticket as a PDF, for its customer: from the page and from the client.

Decided here: how it is made, and that nothing is read or fetched meanwhile.
"""
import base64
import binascii
import re
from hashlib import sha256

from trytond.i18n import gettext
from trytond.model.exceptions import AccessError
from trytond.modules.helpdesk_mail.intake.layout import picture_type
from trytond.pool import Pool
from trytond.report import Report
from trytond.tools import file_open
from trytond.transaction import without_check_access

from .exceptions import ReportError
from .ticket_document import TicketDocument

# At once; each takes up to some seconds
MAX_TICKETS = 50
# Pictures have no more dots on an inch than this
DPI = 200
_PICTURE = re.compile('data:image/[a-z]+;base64,([A-Za-z0-9+/=]+)')


class TicketReport(Report):
    __name__ = 'helpdesk.ticket'

    @classmethod
    def check_access(cls, action, model, ids):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        # Who asks by the network may name the action and model of another
        # report, which has other rights
        if (action.report_name, model) != (cls.__name__, Ticket.__name__):
            raise AccessError(gettext(
                    'helpdesk_portal.msg_report_other', report=action.name))
        if len(ids) > MAX_TICKETS:
            raise ReportError(gettext(
                    'helpdesk_portal.msg_report_too_many',
                    limit=MAX_TICKETS))
        super().check_access(action, model, ids)

    @classmethod
    @without_check_access
    def get_context(cls, records, header, data):
        """
        Return what the template gets: the TicketDocument as document.

        data may have the ir.lang of the reader as language; otherwise it is
        that of the customer. Everybody gets what the customer gets.
        """
        pool = Pool()
        Lang = pool.get('ir.lang')
        Ticket = pool.get('helpdesk.ticket')
        context = super().get_context(records, header, data)
        ticket = Ticket(context['record'].id)
        lang = data.get('language')
        if not isinstance(lang, Lang):
            lang = Lang.get(ticket.mail_language())
        context['document'] = TicketDocument(
            ticket, lang, logo=cls.logo(ticket))
        return context

    @classmethod
    def logo(cls, ticket):
        "Return the bytes of the picture on top, or None"
        pool = Pool()
        Brand = pool.get('helpdesk.brand')
        return Brand.picture(ticket.company.id) or ticket.company.logo

    @classmethod
    def convert(cls, report, data, timeout=5 * 60, retry=5):
        if (report.template_extension, report.extension) == ('html', 'pdf'):
            return 'pdf', cls.to_pdf(data)
        return super().convert(report, data, timeout=timeout, retry=retry)

    @classmethod
    def to_pdf(cls, html):
        """
        Return the bytes of the PDF of the HTML, accessible as of PDF/UA.

        html is a str. The same gives the same, and no address in it is
        followed but those of pictures that are in it (SE10).
        """
        # It takes half a second, and libraries that not every server has
        import weasyprint
        fetcher = _fetcher()
        with file_open('helpdesk_portal/templates/ticket_report.css') as file:
            style = weasyprint.CSS(string=file.read(), url_fetcher=fetcher)
        document = weasyprint.HTML(
            # Without it WeasyPrint fails at relative addresses
            string=html, base_url='about:blank', url_fetcher=fetcher)
        return document.write_pdf(
            stylesheets=[style],
            pdf_variant='pdf/ua-1',
            pdf_identifier=sha256(html.encode()).digest()[:16],
            dpi=DPI)


def _fetcher():
    "Return what WeasyPrint has to ask for each address"
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class PicturesOnly(URLFetcher):

        def fetch(self, url, headers=None):
            match = _PICTURE.fullmatch(url)
            try:
                data = base64.b64decode(match[1]) if match else b''
            except binascii.Error:
                data = b''
            type_ = picture_type(data)
            if not type_:
                # WeasyPrint takes it for an address where nothing is
                raise ValueError("Only pictures in the document are shown")
            return URLFetcherResponse(url, data, {'Content-Type': type_})

    return PicturesOnly(allowed_protocols=())
