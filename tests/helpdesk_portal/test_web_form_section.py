# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.modules.helpdesk_portal.exceptions import OriginError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from . import tools


def setup_module():
    activate_module('helpdesk_portal')


@with_transaction()
def test_origins():
    "What is no web site can't have the form, and the error says so"
    section = tools.create_section(visibility='public', web_form='everyone')
    section.web_form_origins = (
        'https://www.example.com\nhttps://shop.example.com:8443/')
    section.save()
    assert section.web_form_frames() == [
        'https://www.example.com', 'https://shop.example.com:8443']
    section.web_form_origins = "https://www.example.com *"
    try:
        section.save()
    except OriginError as error:
        assert "“*”" in error.message
    else:
        raise AssertionError


@with_transaction()
def test_address():
    "The form's address can be copied from the section"
    section = tools.create_section()
    assert section.web_form == 'none'
    assert section.web_form_address.endswith(f'/helpdesk/new/{section.id}')


@with_transaction()
def test_attempts():
    "Who may not write any more may the next hour"
    pool = Pool()
    Attempt = pool.get('helpdesk.portal.attempt')
    for email in ['a@example.com', 'A+1@example.com']:
        Attempt.note('form', email)
    assert Attempt.is_over('form', 2, 'a+2@example.com')
    assert not Attempt.is_over('form', 3, 'a@example.com')
    assert not Attempt.is_over('login', 1, 'a@example.com')
    assert not Attempt.is_over('form', 1, 'b@example.com')
    assert not Attempt.is_over('form', None, 'a@example.com')
    assert Attempt.is_over('form', 2)
    assert not Attempt.is_over('form', 3)
    assert not Attempt.is_over('login', 1)
