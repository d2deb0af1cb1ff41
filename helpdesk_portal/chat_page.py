# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The page of the live chat, and the script that puts it on other sites.
"""
import json

from trytond.pool import Pool
from trytond.tools import file_open
from trytond.transaction import Transaction

from . import chat_news, colors, forms, pages, recaptcha, web_form
from .pages import Page
from .routes import LIMITS

# In the address of the frame: how the page around it speaks
LANGUAGE = 'lang'
# Of a message, in characters
MAX_TEXT = 4_000
COLOR = '#1d5fb4'
WORDS = [
    'away', 'email_thanks', 'failed', 'file_failed', 'files_many',
    'files_over', 'here', 'late', 'offline', 'queue', 'read', 'remove',
    'retry', 'sending', 'sent', 'system', 'talking', 'ticket', 'too_long',
    'waiting', 'you',
    ]
ERRORS = ['email_invalid', 'email_required', 'name_required']
WIDGET_WORDS = ['close', 'open', 'open_unread']


class ChatPage(Page):
    template = 'chat.html'
    scripts = ('robot_check.js', 'chat_form.js', 'chat.js')
    lengths = web_form.LENGTHS
    max_text = MAX_TEXT

    def __init__(self, request, channel, stamp, visitor=None, embedded=False):
        """
        stamp is the form_stamp.Stamp that the beginning has to bring back.
        """
        self.embedded = embedded
        super().__init__(
            request, visitor=visitor, company=channel.section.company)
        pool = Pool()
        Channel = pool.get('helpdesk.chat.channel')
        self.channel = channel
        self.stamp = stamp
        with Transaction().set_context(language=self.lang.code):
            shown = Channel(channel.id)
            self.heading = shown.name
            self.text_before = (shown.text or '').strip()

    def _choose_language(self, default):
        if self.embedded:
            languages = _languages()
            code = self.request.args.get(LANGUAGE, '').replace('-', '_')
            for code in [code, code.partition('_')[0]]:
                if code in languages:
                    return languages[code]
        return super()._choose_language(default)

    @property
    def data(self):
        "Return what the script works with"
        known = self.visitor if self.visitor and self.visitor.user else None
        return {
            'address': self.path('chat', str(self.channel.id)),
            'key': f'helpdesk-chat-{self.path("")}{self.channel.id}',
            'embedded': self.embedded,
            'language': self.language,
            'state': chat_news.state(self, self.channel, self.stamp),
            'known': bool(known),
            'csrf_token': self.form_token if known else None,
            'recaptcha': [recaptcha.SCRIPT, recaptcha.ACTION],
            'limits': {
                'text': MAX_TEXT,
                'files': LIMITS.files,
                'size': LIMITS.size,
                },
            'words': {
                **{w: self._word(w) for w in WORDS},
                'email': self.text('web_form_email'),
                'email_late': self.text('chat_page_email_ask'),
                **{w: self.text(f'form_{w}') for w in ERRORS},
                },
            }

    def _word(self, name):
        # What the script fills in
        return self.text(
            f'chat_page_{name}',
            name='{name}', place='{place}', number='{number}',
            limit={
                'files_over': forms.mebibytes(LIMITS.size),
                'files_many': LIMITS.files,
                }.get(name, MAX_TEXT))

    @property
    def asks(self):
        "Whether somebody is asked who they are"
        return self.channel.identity != 'none' and not (
            self.visitor and self.visitor.user)

    @property
    def must_tell(self):
        return self.channel.identity == 'required'

    def response(self, status=200):
        response = super().response(status)
        rules = {}
        if self.embedded:
            rules['frame_ancestors'] = ' '.join(self.channel.frames())
        Configuration = Pool().get('helpdesk.configuration')
        if Configuration(1).robot_check == 'recaptcha':
            rules.update(recaptcha.POLICY)
        response.headers['Content-Security-Policy'] = pages.policy(**rules)
        return response


def widget(request, channel):
    "Return the script that puts the channel on a site"
    pool = Pool()
    Brand = pool.get('helpdesk.brand')
    languages = _languages()
    brand = Brand.shown(channel.section.company.id, 'en')
    values = {
        'id': channel.id,
        'color': colors.shades(
            brand['color'] or COLOR, colors.LIGHT)['accent'],
        'words': {
            code.replace('_', '-'): {
                w: lang.helpdesk_text(f'chat_widget_{w}', count='{count}')
                for w in WIDGET_WORDS}
            for code, lang in languages.items()},
        }
    with file_open('helpdesk_portal/static/chat_widget.js') as file:
        return f'{file.read().rstrip()}({json.dumps(values)});\n'


def _languages():
    Lang = Pool().get('ir.lang')
    return Lang.helpdesk_languages()
