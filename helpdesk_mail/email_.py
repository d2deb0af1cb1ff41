# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Tryton's own button to write an e-mail, on a ticket.
"""
from trytond.i18n import gettext
from trytond.modules.helpdesk.exceptions import AnswerError
from trytond.pool import Pool, PoolMeta
from trytond.tools import slugify
from trytond.transaction import Transaction, check_access, without_check_access

from .intake.clean import clean_html, html_to_text


class Email(metaclass=PoolMeta):
    __name__ = 'ir.email'

    @classmethod
    def send(cls, to='', cc='', bcc='', subject='', body='',
            files=None, record=None, reports=None, attachments=None):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        Ticket = pool.get('helpdesk.ticket')
        if record[0] != Ticket.__name__:
            return super().send(
                to=to, cc=cc, bcc=bcc, subject=subject, body=body,
                files=files, record=record, reports=reports,
                attachments=attachments)
        ticket = Ticket(record[1])
        cls._check_helpdesk_ticket(ticket)
        files = [
            *(files or []), *cls._report_files(ticket, reports or []),
            *cls._attachment_files(attachments or [])]
        conversation = cls._to_helpdesk_ticket(
            ticket, to, cc, bcc, subject, body, files)
        # The files are with the conversation, and so is who got it unseen:
        # sales staff see this record, too
        shown = Conversation.check_recipients(', '.join(filter(None, [
                        conversation.to_addresses,
                        conversation.cc_addresses])))
        email = cls(
            recipients=conversation.to_addresses,
            recipients_secondary=conversation.cc_addresses,
            addresses=[{'address': a} for a in shown],
            subject=conversation.subject,
            message_id=f'<{conversation.message_id}>',
            body=body,
            resource=ticket)
        email.save()
        return email

    @classmethod
    @check_access
    def _check_helpdesk_ticket(cls, ticket):
        "Check that the user may answer the ticket, as the wizard does."
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        ModelAccess = pool.get('ir.model.access')
        ModelAccess.check(Conversation.__name__, 'create')
        ticket.__class__.check_workable([ticket])
        if ticket.state == 'closed':
            raise AnswerError(gettext(
                    'helpdesk.msg_answer_closed', ticket=ticket.rec_name))

    @classmethod
    def _to_helpdesk_ticket(cls, ticket, to, cc, bcc, subject, body, files):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        User = pool.get('res.user')
        user = User(Transaction().user)
        markup = body or ''
        if user.signature and not ticket.section.signature:
            markup += f'<p>-- <br>{user.signature}</p>'
        text = html_to_text(markup)
        if not text:
            raise AnswerError(gettext('helpdesk.msg_answer_empty'))
        attachments = [{'name': name, 'data': data} for name, data in files]
        values = {
            'ticket': ticket.id,
            'kind': 'email',
            'direction': 'out',
            **Conversation.said_by(user),
            **Conversation.recipient_values(ticket, to, cc, bcc),
            'subject': subject or ticket.subject,
            'body': text,
            'html': clean_html(markup),
            'attachments': [('create', attachments)],
            }
        Conversation.check_size(ticket, attachments)
        with without_check_access():
            conversation, = Conversation.create([values])
        return conversation

    @classmethod
    def _report_files(cls, ticket, reports):
        pool = Pool()
        ActionReport = pool.get('ir.action.report')
        files = []
        for action in ActionReport.browse(reports):
            ReportClass = pool.get(action.report_name, type='report')
            extension, content, _, title = ReportClass.execute(
                [ticket.id], {'action_id': action.id})
            if isinstance(content, str):
                content = content.encode('utf-8')
            files.append((f'{slugify(title)}.{extension}', content))
        return files

    @classmethod
    @check_access
    def _attachment_files(cls, attachments):
        pool = Pool()
        Attachment = pool.get('ir.attachment')
        # Attributes of records would be read without the checks
        return [
            (row['name'], row['data'])
            for row in Attachment.read(attachments, ['name', 'data'])
            if row['data']]


class EmailTemplate(metaclass=PoolMeta):
    __name__ = 'ir.email.template'

    @classmethod
    def get_default(cls, model, record):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        if model != Ticket.__name__:
            return super().get_default(model, record)
        ticket = Ticket(int(record))
        Ticket.read([ticket.id], ['id'])
        to, cc = ticket.mail_recipients(ticket.mail_reply())
        return {
            'to': to,
            'cc': cc,
            'subject': ticket.subject,
            }
