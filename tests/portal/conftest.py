# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
One server, one database and one browser for all tests of the portal.
"""
import pytest

from tests.client.browser import Browser
from tests.portal.portal import Portal


@pytest.fixture(scope='session')
def portal(tmp_path_factory):
    with Portal(tmp_path_factory.mktemp('portal')) as portal:
        yield portal


@pytest.fixture(scope='session')
def browser():
    with Browser() as browser:
        yield browser


@pytest.fixture
def window(browser):
    """
    Return a function that opens a window, which is closed after the test.

    Its arguments are those of Browser.window. No page may report an error.
    """
    windows = []

    def window(**options):
        windows.append(browser.window(**options))
        return windows[-1]

    yield window
    for each in windows:
        each.page.context.close()
    assert [w.errors for w in windows] == [[] for _ in windows]
