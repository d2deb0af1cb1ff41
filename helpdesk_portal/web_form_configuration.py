# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.model import fields
from trytond.modules.helpdesk_mail.hidden import HiddenMixin
from trytond.modules.helpdesk_mail.secret import SecretChar
from trytond.pool import PoolMeta
from trytond.pyson import Eval

from . import web_form

# What runs when somebody opens it, most of it on Windows
BLOCKED = (
    'apk, app, bat, chm, cmd, com, cpl, dll, dmg, exe, hta, jar, jnlp, js, '
    'jse, lnk, msc, msi, msp, pif, ps1, reg, scr, sh, sys, vb, vbe, vbs, wsf, '
    'wsh')


def _positive(name):
    return ['OR', (name, '=', None), (name, '>', 0)]


class Configuration(HiddenMixin, metaclass=PoolMeta):
    __name__ = 'helpdesk.configuration'
    _hidden = {'recaptcha_secret': 'recaptcha_key'}

    _states = {
        'invisible': Eval('robot_check') != 'recaptcha',
        }
    robot_check = fields.Selection([
            ('none', "None"),
            ('altcha', "Proof of Work (ALTCHA)"),
            ('recaptcha', "reCAPTCHA v3 (Google)"),
            ], "Robot Check", required=True, sort=False,
        help="How the forms tell robots from people. Who does not pass "
        "confirms the request by a mail.")
    recaptcha_site_key = fields.Char("Site Key", states=_states,
        help="Google's name of your site. Browsers get it.")
    recaptcha_secret = fields.Function(fields.Char("Secret Key",
            states=_states,
            help="Can be written, but not read."),
        'get_hidden', setter='set_hidden')
    recaptcha_key = SecretChar(
        "Stored Secret Key", readonly=True, loading='lazy')
    recaptcha_score = fields.Float("Minimum Score", required=True,
        domain=[
            ('recaptcha_score', '>=', 0),
            ('recaptcha_score', '<=', 1),
            ],
        states=_states,
        help="How sure Google has to be that it is a person: "
        "from 0 for a robot to 1.")
    web_form_per_address = fields.Integer("Requests per Address and Hour",
        domain=_positive('web_form_per_address'),
        help="How many requests the forms take from one e-mail address in "
        "an hour.\n"
        "Leave empty for any number.")
    web_form_per_network = fields.Integer("Requests per Network and Hour",
        domain=_positive('web_form_per_network'),
        help="How many requests the forms take from one network in an hour. "
        "All people of an office may share one.\n"
        "Leave empty for any number.")
    web_form_allowed = fields.Char("Allowed Files",
        help="The endings of the files that the forms take, "
        "separated by commas.\n"
        "Leave empty for all that are not blocked.")
    web_form_blocked = fields.Char("Blocked Files",
        help="The endings of the files that the forms never take, "
        "separated by commas.")
    web_request_days = fields.Integer("Unconfirmed Requests Valid For",
        required=True,
        domain=[
            ('web_request_days', '>', 0),
            ],
        help="For how many days a request can be confirmed by its mail.")
    del _states

    @classmethod
    def default_robot_check(cls):
        return 'altcha'

    @classmethod
    def default_recaptcha_score(cls):
        return 0.5

    @classmethod
    def default_web_form_per_address(cls):
        return 5

    @classmethod
    def default_web_form_per_network(cls):
        return 30

    @classmethod
    def default_web_form_blocked(cls):
        return BLOCKED

    @classmethod
    def default_web_request_days(cls):
        return 3

    def web_form_files(self):
        "Return the web_form.FileRule for what comes by the forms"
        return web_form.FileRule.of(
            self.web_form_allowed, self.web_form_blocked)
