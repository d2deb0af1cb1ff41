# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The visitor's page of the live chat, and the script for other sites.
"""
import json
import re
from pathlib import Path

from trytond.modules import helpdesk_portal
from trytond.modules.helpdesk_portal.exceptions import OriginError
from trytond.pool import Pool

from .chat_case import ChatTestCase

ROOT = Path(helpdesk_portal.__file__).parent


class ChatPageTestCase(ChatTestCase):

    def policy(self, path):
        response = self.client().get(f'{self.chat}{path}')
        return dict(
            rule.split(' ', 1) for rule in
            response.headers['Content-Security-Policy'].split('; '))

    def test_frame(self):
        "SE16: only the sites of the channel have the chat in a frame"
        self.assertEqual(self.policy('')['frame-ancestors'], "'none'")
        self.assertEqual(self.policy('/frame')['frame-ancestors'], '*')
        self.change_channel(
            origins="https://www.example.com\nhttps://shop.example:8443")
        self.assertEqual(
            self.policy('/frame')['frame-ancestors'],
            'https://www.example.com https://shop.example:8443')
        self.assertEqual(self.policy('')['frame-ancestors'], "'none'")

    def test_origins(self):
        "SE16: what is no site is not kept"
        for origins in ["'none'", 'https://*', "x; script-src *", 'x']:
            with self.subTest(origins=origins), \
                    self.assertRaises(OriginError):
                self.change_channel(origins=origins)

    def test_policy(self):
        "SE1: the page runs nothing but its own scripts"
        for path in ['', '/frame']:
            policy = self.policy(path)
            self.assertEqual(policy['script-src'], "'self'")
            self.assertEqual(policy['style-src'], "'self'")
            page, _ = self.page(address=path)
            self.assertNotRegex(page, r'(?i)\s(style|on\w+)=')

    def test_hostile(self):
        "SE1: what stands in the channel is text"
        self.change_channel(
            name='</script><img src=x>', text='<b>"</b>')
        page, data = self.page()
        self.assertNotIn('<img', page)
        self.assertNotIn('<b>', page)

    def test_language(self):
        "The frame speaks as the page around it"
        page, data = self.page(address='/frame?lang=es-MX')
        self.assertIn('lang="es"', page)
        self.assertEqual(data['language'], 'es')
        for lang in ['xx', '', '%00', '"><b>']:
            page, data = self.page(address=f'/frame?lang={lang}')
            self.assertEqual(data['language'], 'en')

    def test_identity(self):
        "B8: the page asks who somebody is as the channel has it"
        for identity, asks, required in [
                ('none', False, False), ('optional', True, False),
                ('required', True, True)]:
            self.change_channel(identity=identity)
            page, _ = self.page()
            self.assertEqual('id="chat-email"' in page, asks)
            self.assertEqual(bool(re.search(
                        r'id="chat-email"[^>]* required', page)), required)
        page, _ = self.page(self.log_in())
        self.assertNotIn('id="chat-email"', page)

    def test_widget(self):
        "B8: one line puts the chat on a site"
        response = self.client().get(f'{self.chat}/widget.js')
        self.assertEqual(response.status_code, 200)
        self.assertTrue(response.content_type.startswith('text/javascript'))
        script = response.get_data(as_text=True)
        values = json.loads(re.search(r'\}\)\((\{.*\})\);\s*$', script)[1])
        self.assertEqual(values['id'], self.channel)
        self.assertLessEqual({'en', 'es'}, set(values['words']))
        self.assertRegex(values['color'], '^#[0-9a-f]{6}$')
        self.assertNotIn('Set-Cookie', response.headers)

    def test_code(self):
        "B8: the line leads to the script"
        with self.transaction():
            Channel = Pool().get('helpdesk.chat.channel')
            code = Channel(self.channel).code
        self.assertIn(f'{self.chat}/widget.js', code)

    def test_scripts(self):
        "SE1: nothing is ever put into the page as HTML"
        for path in (ROOT / 'static').glob('chat*.js'):
            source = path.read_text()
            with self.subTest(path=path.name):
                self.assertNotRegex(
                    source, r'innerHTML|outerHTML|insertAdjacent|eval\(')

    def test_words(self):
        "Each word that the script says is there"
        _, data = self.page()
        source = (ROOT / 'static' / 'chat.js').read_text()
        used = set(re.findall(r'words\.(\w+)', source))
        used |= set(re.findall(r"fill\('(\w+)'", source))
        used |= set(re.findall(r"'(\w+_(?:required|invalid))'", source))
        used |= {'sending', 'sent', 'read'}
        self.assertEqual(used, set(data['words']))
