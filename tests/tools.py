# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What tests of several modules share.
"""
import doctest
import unittest

from trytond import backend
from trytond.tests import test_tryton

__all__ = ['scenario']


def scenario(path):
    "Run a scenario_*.rst against a database of its own"
    optionflags = (
        doctest.REPORT_ONLY_FIRST_FAILURE
        | doctest.ELLIPSIS
        | doctest.IGNORE_EXCEPTION_DETAIL)
    if backend.name == 'sqlite':
        # It has no decimals and loses the zeros at the end
        optionflags |= test_tryton.STRIP_DECIMAL
    suite = doctest.DocFileSuite(
        str(path), module_relative=False, encoding='utf-8',
        setUp=test_tryton.doctest_setup,
        tearDown=test_tryton.doctest_teardown,
        checker=test_tryton.doctest_checker,
        optionflags=optionflags)
    result = unittest.TestResult()
    suite.run(result)
    problems = [text for _, text in result.failures + result.errors]
    if problems:
        raise AssertionError('\n'.join(problems))
