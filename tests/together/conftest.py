# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import pytest

from tests.records import Helpdesk
from tests.services import Sink
from tests.together.processes import AGENT_PASSWORD, Site


@pytest.fixture(scope='session')
def sink():
    with Sink() as sink:
        yield sink


@pytest.fixture(scope='session')
def site(sink, tmp_path_factory):
    "An installation for all tests of a process; each has its own inbox"
    def fill():
        desk = Helpdesk(mail_address='support@example.com')
        desk.agent.password = AGENT_PASSWORD
        desk.agent.save()
        site.company, site.section = desk.company.id, desk.section.id

    with Site(
            ['helpdesk_mail'], tmp_path_factory.mktemp('site'),
            email={'uri': sink.uri, 'retry': 0}) as site:
        site.call(fill, user=1)
        yield site


@pytest.fixture
def inbox(site, request):
    "The name of an inbox that no other test delivers to"
    name = request.node.name
    with site.transaction() as pool:
        Inbox = pool.get('inbound.email.inbox')
        Inbox.create([{'name': name, 'identifier': name}])
    return name
