# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import unittest
from urllib.request import Request, urlopen

import pytest

from tests.installation import Installation

pytestmark = pytest.mark.slow


class InstallationTestCase(unittest.TestCase):
    "The installation of the tests"

    def test_installation(self):
        "Scripts and servers work on the same database"
        with Installation(['helpdesk']) as installation:
            installation.execute(
                "Party = pool.get('party.party')\n"
                "Party.create([{'name': 'Alice'}])")
            self.assertEqual(
                installation.execute(
                    "Party = pool.get('party.party')\n"
                    "print([p.name for p in Party.search([])])"),
                "['Alice']\n")
            result = installation.script('trytond-admin', '-v', '-u', 'ir')
            self.assertEqual(result.returncode, 0, result.stderr)
            url = installation.serve()
            request = Request(
                f'{url}/rpc/', b'{"method": "common.db.list", "params": []}',
                {'Content-Type': 'application/json'})
            with urlopen(request, timeout=60) as answer:
                self.assertIn(installation.name.encode(), answer.read())
