# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The pages on which people log in, register, and look after their account.
"""
from dataclasses import dataclass

from .account_forms import Typed
from .forms import Error
from .pages import ErrorPage, Page, VisitPage

# How somebody comes back to the page whose form was sent
DONE = {'out', 'password', 'everywhere'}
# Seconds after which it makes sense to try again
RETRY_AFTER = 600


@dataclass(frozen=True)
class Field:
    "A field as the template shows it"
    name: str
    label: str
    type: str = 'text'
    value: str = ''
    autocomplete: str | None = None
    help: str | None = None
    error: str | None = None
    required: bool = True
    readonly: bool = False

    @property
    def described_by(self):
        names = [
            f'{self.name}-{what}' for what, text in [
                ('error', self.error), ('help', self.help)] if text]
        return ' '.join(names) or None


@dataclass(frozen=True)
class Form:
    """
    A form as the template shows it.

    button is the text of its button, other that of a second one.
    """
    action: str
    button: str
    fields: tuple = ()
    heading: str | None = None
    sentences: tuple = ()
    other: str | None = None


class FormPage(VisitPage):
    """
    A page with one or more forms.

    key is what the keys of its messages begin with, typed what was Typed
    into the form before.
    """
    template = 'account.html'
    key = None
    sentences = ()
    links = ()
    next_path = None

    def __init__(self, request, visitor=None, typed=Typed()):
        super().__init__(request, visitor=visitor)
        self.typed = typed

    @property
    def heading(self):
        return self.text(f'{self.key}_heading')

    @property
    def errors(self):
        return [(name, self.error(name)) for name in self.typed.errors]

    def error(self, name):
        error = self.typed.errors.get(name)
        if isinstance(error, Error):
            return self.text(error.key, **error.variables)
        return error

    @property
    def done(self):
        key = self.request.args.get('done')
        return self.text(f'account_done_{key}') if key in DONE else None

    def field(self, name, type='text', help=None, **values):
        return Field(
            name, self.text(f'account_{name}'), type,
            help=self.text(help) if help else None,
            error=self.error(name), **values)

    def email_field(self):
        return self.field(
            'email', 'email', value=self.typed.get('email'),
            autocomplete='username')

    def new_password_field(self, **values):
        values.setdefault('help', 'account_new_password_help')
        return self.field(
            'new_password', 'password', autocomplete='new-password', **values)


class LoginPage(FormPage):
    key = 'login'

    def __init__(self, request, register, next_path=None, **kwargs):
        super().__init__(request, **kwargs)
        self.register = register
        self.next_path = next_path

    @property
    def sentences(self):
        return [self.text('login_text')]

    @property
    def forms(self):
        return [Form(
                self.path('login'), self.text('login_button'),
                fields=(
                    self.email_field(),
                    self.field(
                        'password', 'password', required=False,
                        help='login_password_help',
                        autocomplete='current-password'),
                    ),
                other=self.text('login_link_button'))]

    @property
    def links(self):
        links = [(self.text('login_forgotten'), self.path('password'))]
        if self.register:
            links.append((self.text('login_register'), self.path('register')))
        return links


class RegisterPage(FormPage):
    key = 'register'

    @property
    def sentences(self):
        return [self.text('register_text')]

    @property
    def forms(self):
        return [Form(
                self.path('register'), self.text('register_button'),
                fields=(
                    self.field(
                        'name', value=self.typed.get('name'),
                        autocomplete='name'),
                    self.email_field(),
                    self.new_password_field(
                        required=False, help='register_password_help'),
                    ))]

    @property
    def links(self):
        return [(self.text('register_login'), self.path('login'))]


class AskPasswordPage(FormPage):
    key = 'password'

    @property
    def sentences(self):
        return [self.text('password_text')]

    @property
    def forms(self):
        return [Form(
                self.path('password'), self.text('password_button'),
                fields=(self.email_field(),))]

    @property
    def links(self):
        return [(self.text('register_login'), self.path('login'))]


class TokenPage(FormPage):
    "What a link in a mail opens: nothing happens before the button is used"

    def __init__(self, request, token, email, **kwargs):
        super().__init__(request, **kwargs)
        self.token = token
        self.email = email


class UseLinkPage(TokenPage):
    key = 'link'

    @property
    def sentences(self):
        return [self.text('link_text', email=self.email)]

    @property
    def forms(self):
        return [Form(
                self.path('login', self.token), self.text('link_button'))]


class NewPasswordPage(TokenPage):
    key = 'new_password'

    @property
    def sentences(self):
        return [self.text('new_password_text', email=self.email)]

    @property
    def forms(self):
        return [Form(
                self.path('password', self.token),
                self.text('new_password_button'),
                fields=(
                    # So that the password is kept with the right address
                    self.field(
                        'email', 'email', value=self.email,
                        autocomplete='username', readonly=True),
                    self.new_password_field(),
                    ))]


class AccountPage(FormPage):
    key = 'account'

    def __init__(self, request, user, **kwargs):
        super().__init__(request, **kwargs)
        self.user = user

    @property
    def sentences(self):
        user = self.user
        if user.party:
            return [self.text('account_text_name',
                    email=user.email, name=user.party.rec_name)]
        return [self.text('account_text', email=user.email)]

    @property
    def forms(self):
        has_password = bool(self.user.password_hash)
        key = 'change' if has_password else 'set'
        fields = [self.new_password_field()]
        if has_password:
            fields.insert(0, self.field(
                    'password', 'password', autocomplete='current-password'))
        return [
            Form(
                self.path('account'), self.text(f'account_{key}_button'),
                heading=self.text(f'account_{key}_heading'),
                sentences=(self.text(f'account_{key}_text'),),
                fields=tuple(fields)),
            Form(
                self.path('account', 'sessions'),
                self.text('account_everywhere_button'),
                heading=self.text('account_everywhere_heading'),
                sentences=(self.text('account_everywhere_text'),)),
            ]


class NoticePage(Page):
    "Some sentences; key is what those of the messages begin with"

    def __init__(self, request, key, visitor=None, **variables):
        super().__init__(request, visitor=visitor)
        self.key = key
        self.variables = variables

    @property
    def heading(self):
        return self.text(f'{self.key}_heading')

    @property
    def sentences(self):
        return [self.text(f'{self.key}_text', **self.variables)]


class TooManyPage(ErrorPage):
    "For who tried too often: a link that was sent may still work"

    def __init__(self, request, visitor=None):
        super().__init__(
            request, 429, visitor=visitor, retry_after=RETRY_AFTER)

    @property
    def sentences(self):
        return [self.text('too_many_text')]
