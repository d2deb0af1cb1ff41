# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME

from .accounts import AccountTestCase


class SharingTestCase(AccountTestCase):
    "Who sees which tickets (PO3, PO6, D4, SE12)"

    @classmethod
    def setUpDatabase(cls):
        super().setUpDatabase()
        Section = Pool(DB_NAME).get('helpdesk.section')
        section = Section(cls.section)
        section.visibility = 'public'
        section.save()

    def setUp(self):
        super().setUp()
        self.owner = self.address('owner')
        self.party_id = self.party()
        self.number = self.made(
            email=self.owner, contact_name="Olga", party=self.party_id,
            said=[
                {'body': "The door is open", 'from_address': self.owner,
                    'files': [('a.txt', b'a')]},
                {'body': "Secret note", 'direction': 'internal'}])

    def paths(self, number):
        "Return the addresses of the ticket, with those of its file"
        with self.transaction():
            file, = [a for c in self.record(number).conversations
                for a in c.attachments]
            return [
                f'/tickets/{number}',
                f'/tickets/{number}?before=1',
                f'/tickets/{number}/attachments/{file.id}']

    def check(self, client, number, visible):
        for path in self.paths(number):
            self.assertEqual(
                self.status(client, path), 200 if visible else 404, path)
        response = client.get(f'{self.base}/tickets?of=shared')
        if response.status_code == 200:
            self.assertEqual(
                number in self.listed(client, '?of=shared')[1], visible)
            self.assertNotIn(
                "Secret note", response.get_data(as_text=True))
        if visible:
            page = self.page(client, number)
            self.assertIn("The door is open", page)
            self.assertNotIn("Secret note", page)

    def test_own(self):
        self.check(self.log_in(self.owner), self.number, True)

    def test_stranger(self):
        self.check(self.client(), self.number, False)

    def test_other_customer(self):
        self.check(self.log_in(self.address()), self.number, False)

    def test_deactivated(self):
        "Who was deactivated sees nothing, neither do their sessions"
        client = self.log_in(self.owner)
        self.change(self.owner, active=False)
        self.check(client, self.number, False)
        self.assertEqual(
            client.get(f'{self.base}/tickets').status_code, 303)

    def test_colleague_without_right(self):
        "An account of the same organisation sees nothing by itself (PO3)"
        colleague = self.address('colleague')
        client = self.log_in(colleague, party=self.party_id)
        self.check(client, self.number, False)
        page, _ = self.listed(client)
        self.assertNotIn('name="of"', page)

    def test_party_is_organisation(self):
        "Nor what has the organisation as contact, or another's address"
        colleague = self.address('colleague')
        client = self.log_in(colleague, party=self.party_id)
        number = self.made(
            email=self.owner, party=self.party_id, contact=self.party_id)
        self.assertEqual(self.status(client, f'/tickets/{number}'), 404)

    def test_person(self):
        "What an agent filed for the person of the account is theirs"
        person = self.party("Olga")
        client = self.log_in(self.address(), party=person)
        for values in [
                {'contact': person, 'party': self.party_id},
                {'contact': person, 'email': None},
                {'party': person, 'email': None}]:
            number = self.made(**values)
            self.assertEqual(
                self.status(client, f'/tickets/{number}'), 200, values)
        # Two accounts are not one person
        self.log_in(self.address(), party=person)
        self.assertEqual(self.status(client, f'/tickets/{number}'), 404)

    def test_person_of_members_only(self):
        "SE12: who gives a party an address sees no more by it than before"
        person, email = self.party("Olga"), self.address()
        client = self.log_in(email, party=person)
        for visibility, status in [('private', 404), ('internal', 200)]:
            section = self.internal_section(visibility)
            for values in [
                    {'contact': person, 'party': self.party_id},
                    {'party': person, 'email': None}]:
                number = self.made(section=section, **values)
                self.assertEqual(
                    self.status(client, f'/tickets/{number}'), status, values)
            # The address itself was proven
            number = self.made(section=section, email=email)
            self.assertEqual(
                self.status(client, f'/tickets/{number}'), 200)

    def test_chosen(self):
        chosen, other = self.address('chosen'), self.address('other')
        client = self.log_in(chosen)
        other_client = self.log_in(other, party=self.party_id)
        self.share(self.party_id, 'chosen', [chosen])
        self.check(client, self.number, True)
        self.check(other_client, self.number, False)
        # Off means off, for the direct address too
        self.share(self.party_id, 'none')
        self.check(client, self.number, False)

    def test_everyone(self):
        second = self.party("Olga")
        domain = self.address('roca').replace('@', '-')
        with self.transaction() as transaction:
            Party = Pool(DB_NAME).get('party.party')
            Party.write([Party(self.party_id)], {
                    'mail_domains': [('create', [{'domain': domain}])]})
            transaction.commit()
        clients = [
            self.log_in(self.address(), party=self.party_id),
            self.log_in(self.address(), party=second,
                secondary_parties=[('add', [self.party_id])]),
            self.log_in(f'ada@{domain}')]
        stranger = self.log_in(self.address())
        for sharing, visible in [
                ('everyone', True), ('chosen', False), ('none', False)]:
            self.share(self.party_id, sharing)
            for client in clients:
                with self.subTest(sharing=sharing):
                    self.check(client, self.number, visible)
            self.check(stranger, self.number, False)

    def test_domain_of_two(self):
        domain = self.address('roca').replace('@', '-')
        other = self.party("Another")
        with self.transaction() as transaction:
            Party = Pool(DB_NAME).get('party.party')
            Party.write(Party.browse([self.party_id, other]), {
                    'mail_domains': [('create', [{'domain': domain}])]})
            transaction.commit()
        self.share(self.party_id, 'everyone')
        self.check(self.log_in(f'ada@{domain}'), self.number, False)

    def test_confidential(self):
        "Tickets of sections not open to customers are left out"
        section = self.internal_section()
        chosen, watcher = self.address('chosen'), self.address('watcher')
        number = self.made(
            section=section, email=self.owner, party=self.party_id,
            watchers=[watcher], said=[
                {'body': "The door is open", 'from_address': self.owner,
                    'files': [('a.txt', b'a')]}])
        client = self.log_in(chosen)
        self.share(self.party_id, 'chosen', [chosen])
        self.check(client, number, False)
        self.check(self.log_in(watcher), number, False)
        # But whoever asked goes on
        self.check(self.log_in(self.owner), number, True)

    def test_no_longer_public(self):
        "Who watched is off the tickets for good when a section closes (D4)"
        section, watcher = self.internal_section(), self.address('watcher')
        self.open_to(section, 'public')
        number = self.made(
            section=section, email=self.owner, party=self.party_id,
            watchers=[watcher], said=[
                {'body': "The door is open", 'from_address': self.owner,
                    'files': [('a.txt', b'a')]}])
        client = self.log_in(watcher)
        self.check(client, number, True)
        for visibility in ['internal', 'private', 'public']:
            with self.subTest(visibility=visibility):
                self.open_to(section, visibility)
                self.check(client, number, False)
        self.check(self.log_in(self.owner), number, True)

    def open_to(self, section, visibility):
        Section = Pool(DB_NAME).get('helpdesk.section')
        with self.transaction() as transaction:
            Section.write([Section(section)], {'visibility': visibility})
            transaction.commit()

    def test_inactive_party(self):
        chosen = self.address('chosen')
        client = self.log_in(chosen)
        self.share(self.party_id, 'chosen', [chosen])
        with self.transaction() as transaction:
            Party = Pool(DB_NAME).get('party.party')
            Party.write([Party(self.party_id)], {'active': False})
            transaction.commit()
        self.check(client, self.number, False)

    def test_watcher(self):
        "Who watches reads and answers, but does not decide (PO6)"
        watcher = self.address('watcher')
        number = self.made(
            email=self.owner, party=self.party_id, watchers=[watcher],
            said=[
                {'body': "The door is open", 'from_address': self.owner,
                    'files': [('a.txt', b'a')]}])
        client = self.log_in(watcher)
        self.check(client, number, True)
        self.assertIn(number, self.listed(client)[1])
        page = self.page(client, number)
        self.assertNotIn(f'/tickets/{number}/close', page)
        self.assertNotIn('/people', page)
        self.assertEqual(
            self.status(client, f'/tickets/{number}/people'), 404)
        response = self.post(client, number, '', action='/close')
        self.assertEqual(response.status_code, 403)
        response = self.post(client, number, "I think so too")
        self.assertEqual(response.status_code, 303)
        with self.transaction():
            ticket = self.record(number)
            self.assertNotEqual(ticket.state, 'closed')
            answer = ticket.conversations[0]
            self.assertEqual(answer.from_address, watcher)
            self.assertEqual(answer.author, watcher)
            self.assertIsNone(answer.party)
        self.assertIn(
            "I think so too", self.page(self.log_in(self.owner), number))

    def test_in_copy(self):
        "SE9: being in copy of a letter shows nothing"
        copied = self.address('copied')
        number = self.made(email=self.owner, said=[{'body': "Help"}])
        with self.transaction() as transaction:
            Participant = Pool(DB_NAME).get('helpdesk.participant')
            Participant.create([{
                        'ticket': self.record(number).id,
                        'email': copied, 'role': 'cc'}])
            transaction.commit()
        client = self.log_in(copied)
        self.assertEqual(self.status(client, f'/tickets/{number}'), 404)
        self.assertEqual(self.listed(client)[1], [])

    def test_colleague_answers(self):
        "What a colleague writes stands under their own name (PO3)"
        person = self.party("Pere Roca")
        chosen = self.address('pere')
        client = self.log_in(chosen, party=person)
        self.share(self.party_id, 'chosen', [chosen])
        response = self.post(client, self.number, "Any news?")
        self.assertEqual(response.status_code, 303)
        with self.transaction():
            ticket = self.record(self.number)
            answer, = [c for c in ticket.conversations if c.kind == 'web']
            self.assertEqual(answer.author, "Pere Roca")
            self.assertEqual(answer.party.id, person)
            self.assertEqual(answer.from_address, chosen)
            self.assertEqual(ticket.email, self.owner)
        self.assertEqual(
            self.post(client, self.number, '', action='/close').status_code,
            303)
        # What they write then is their own request
        self.post(client, self.number, "Once more")
        with self.transaction():
            ticket = self.record(self.number)
            self.assertEqual(ticket.closed_by, 'customer')
            follow_up, = ticket.follow_ups
            self.assertEqual(follow_up.email, chosen)
            self.assertEqual(follow_up.contact.id, person)
            self.assertEqual(follow_up.contact_name, "Pere Roca")
            self.assertEqual(follow_up.party.id, self.party_id)
            number = follow_up.number
        self.assertEqual(
            self.status(client, f'/tickets/{number}'), 200)

    def test_forms_of_others(self):
        "Nothing is to be posted to what is not visible"
        client = self.log_in(self.address('colleague'), party=self.party_id)
        own = self.made(email=self.owner)
        for action in ['', '/close', '/reopen', '/people', '/people/remove']:
            response = client.post(
                f'{self.base}/tickets/{own}{action}', data={'text': "x"})
            self.assertEqual(response.status_code, 404)

    def test_search_agrees(self):
        "What is searched is what is shown (SE11)"
        watcher = self.address('watcher')
        said = [
            {'body': "One", 'direction': d, 'kind': k, 'automatic': a,
                'from_address': f, 'delivery': 'sent',
                'party': p}
            for d in ['in', 'out', 'internal']
            for k in ['email', 'web', 'note', 'phone']
            for a in [True, False]
            for f in [self.owner, watcher, 'else@example.com', None]
            for p in [None, self.party_id]]
        number = self.made(
            email=self.owner, party=self.party_id, watchers=[watcher],
            said=said)
        no_contact = self.made(said=said, email=None)
        with self.transaction() as transaction:
            Conversation = Pool(DB_NAME).get('helpdesk.conversation')
            Ticket = Pool(DB_NAME).get('helpdesk.ticket')
            table, ticket = Conversation.__table__(), Ticket.__table__()
            for record in map(self.record, [number, no_contact]):
                cursor = transaction.connection.cursor()
                cursor.execute(*table
                    .join(ticket, condition=ticket.id == table.ticket)
                    .select(table.id,
                        where=(ticket.id == record.id)
                        & Conversation.is_on_portal(table, ticket)))
                found = {id_ for id_, in cursor}
                shown = {c.id for c in Conversation.search(
                        [Conversation.on_portal(record)])}
                self.assertEqual(found, shown)
                self.assertTrue(0 < len(shown) < len(said))

    def test_rights_are_for_agents(self):
        "SE12: only agents see and say who sees the tickets of a customer"
        pool = Pool(DB_NAME)
        with self.transaction() as transaction:
            ModelAccess = pool.get('ir.model.access')
            FieldAccess = pool.get('ir.model.field.access')
            ModelData = pool.get('ir.model.data')
            User = pool.get('res.user')
            agent, other = User.create([
                    {'name': n, 'login': n + str(self.party_id),
                        'groups': [('add', [ModelData.get_id(*g)])]}
                    for n, g in [
                        ('agent', ('helpdesk', 'group_helpdesk')),
                        ('seller', ('sale', 'group_sale'))]])
            for user, allowed in [(agent, True), (other, False)]:
                with transaction.set_user(user.id), \
                        transaction.set_context(_check_access=True):
                    for mode in ['read', 'write', 'create', 'delete']:
                        self.assertEqual(ModelAccess.check(
                                'party.party-web.user.helpdesk', mode,
                                raise_exception=False), allowed)
                    for name in ['helpdesk_sharing', 'helpdesk_readers']:
                        for mode in ['read', 'write']:
                            self.assertEqual(FieldAccess.check(
                                    'party.party', [name], mode,
                                    raise_exception=False), allowed)
                    # Who can't say so can make parties all the same
                    Party = pool.get('party.party')
                    party, = Party.create([{'name': "New", 'addresses': []}])
                    copy, = Party.copy([party])
            self.assertEqual(Party(copy.id).helpdesk_sharing, 'none')


del AccountTestCase
