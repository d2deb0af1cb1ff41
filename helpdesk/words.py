# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Finding tickets by the words in them.

Customers write in many languages, in one ticket even. So words are taken as
they are, without case, accents, stems and stop words, and found by how they
begin.
"""
import re
import unicodedata

from sql import Column, Literal
from sql.conditionals import Coalesce
from sql.functions import Function
from sql.operators import Like, Not
from trytond import backend
from trytond.model import fields
from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction

# PostgreSQL refuses a document with more than 1 MB of words
MAX_LENGTH = 200_000
# Words in more conversations than that are in some of any few tickets
COMMON = 3000
# So many records at a time get their words
BATCH = 500
# As PostgreSQL parses them
_WORD = re.compile(r'[^\W_]+')


class _ToTsquery(Function):
    __slots__ = ()
    _function = 'to_tsquery'


def words(text):
    "Return the words of a text, without case and accents, as a list of str."
    text = unicodedata.normalize('NFKD', text[:MAX_LENGTH].casefold())
    # A text has few kinds of marks, but many characters
    for mark in filter(unicodedata.combining, set(text)):
        text = text.replace(mark, '')
    return _WORD.findall(text)


class Words(fields.FullText):
    """
    The words of texts, for searching.

    Set it to a string, search it with ilike: what has words that begin with
    each of the words of the value is found. The order does not matter.
    """

    def __init__(self, string='', **kwargs):
        super().__init__(string, loading='lazy', **kwargs)

    def sql_format(self, value):
        if isinstance(value, str):
            # No language is the configuration without stems; each word has
            # a space before it, so that one LIKE finds how it begins
            value = Transaction().database.format_full_text(
                ''.join(f' {w}' for w in words(value)))
        return super().sql_format(value)

    def convert_domain(self, domain, tables, Model):
        _, operator, value = domain
        if not operator.endswith('ilike') or not isinstance(value, str):
            return super().convert_domain(domain, tables, Model)
        expression = self.matches(self.sql_column(tables, Model), value)
        if operator.startswith('not'):
            expression = Not(expression)
        return expression

    @staticmethod
    def matches(column, text):
        "Return the SQL condition that the column has the words of a text."
        database = Transaction().database
        wanted = words(text)
        if not wanted:
            return Literal(False)
        if database.has_search_full_text():
            query = ' & '.join(f'{w}:*' for w in wanted)
            return database.search_full_text(
                column, _ToTsquery('simple', query))
        expression = Literal(True)
        for word in wanted:
            expression &= Like(column, f'% {word}%')
        return expression

    @classmethod
    def fill(cls, Model, name, columns):
        """
        Set the field of the records that were stored before there was one.

        columns are the names of those that it has the words of.
        """
        table = Model.__table__()
        field = Model._fields[name]
        cursor = Transaction().connection.cursor()
        last = 0
        while True:
            cursor.execute(*table.select(
                    table.id, *(Column(table, c) for c in columns),
                    where=(table.id > last), order_by=[table.id],
                    limit=BATCH))
            rows = cursor.fetchall()
            if not rows:
                break
            for last, *texts in rows:
                cursor.execute(*table.update(
                        [Column(table, name)],
                        [field.sql_format(_join(texts))],
                        where=table.id == last))

    @staticmethod
    def add_index(Model, name):
        "Make an index on the field, for which Tryton knows no kind of index."
        if backend.name != 'postgresql':
            return
        cursor = Transaction().connection.cursor()
        cursor.execute(
            f'CREATE INDEX IF NOT EXISTS "words_{Model._table}" '
            f'ON "{Model._table}" USING GIN ("{name}")')


class TicketWords(Words):
    "The words of tickets, found by those of their conversations too."

    def convert_domain(self, domain, tables, Model):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        _, operator, value = domain
        if not operator.endswith('ilike') or not isinstance(value, str):
            return super().convert_domain(domain, tables, Model)
        table, _ = tables[None]
        conversation = Conversation.__table__()
        said = (
            self.matches(conversation.words, value)
            & Conversation.is_searched(conversation))
        if self._is_common(conversation, said):
            # Looking at the tickets in their order soon finds some
            found = self.matches(table.words, value) | (Coalesce(
                    conversation.select(conversation.id,
                        where=(conversation.ticket == table.id) & said,
                        limit=1), 0) > 0)
        else:
            # A union uses both indexes, OR would use none
            ticket = Model.__table__()
            found = table.id.in_(
                ticket.select(
                    ticket.id, where=self.matches(ticket.words, value))
                | conversation.select(conversation.ticket, where=said))
        return Not(found) if operator.startswith('not') else found

    @staticmethod
    def _is_common(conversation, said):
        transaction = Transaction()
        if not transaction.database.has_search_full_text():
            return False
        cursor = transaction.connection.cursor()
        cursor.execute(*conversation.select(
                Literal(1), where=said, offset=COMMON, limit=1))
        return bool(cursor.fetchone())


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    words = TicketWords("Words", readonly=True,
        help="The words of the ticket and of its conversations, "
        "to find it by.")

    @classmethod
    def __register__(cls, module):
        is_new = _is_new(cls, 'words')
        super().__register__(module)
        if is_new:
            Words.fill(cls, 'words', cls._found_by())
        Words.add_index(cls, 'words')

    @classmethod
    def search_rec_name(cls, name, clause):
        _, operator, value = clause
        if operator.endswith('ilike'):
            number = (value or '').strip('%')
            if not number:
                # What a client asks to complete an empty field
                return [('id', '!=' if operator == 'ilike' else '=', None)]
            if number.startswith('#'):
                return [('number', operator, number[1:])]
            return [('words', operator, value)]
        bool_op = 'AND' if operator.startswith('!') else 'OR'
        return [bool_op,
            ('number', operator, value),
            ('subject', operator, value),
            ]

    @classmethod
    def preprocess_values(cls, mode, values):
        values = super().preprocess_values(mode, values)
        if mode == 'create':
            values['words'] = _join(values.get(n) for n in cls._found_by())
        return values

    def compute_fields(self, field_names=None):
        values = super().compute_fields(field_names)
        if field_names and not set(self._found_by()).isdisjoint(field_names):
            values['words'] = _join(
                getattr(self, n, None) for n in self._found_by())
        return values

    @classmethod
    def _found_by(cls):
        "Return the names of the fields whose words a ticket is found by."
        return ['number', 'subject', 'description', 'contact_name', 'email']


class Conversation(metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation'

    words = Words("Words", readonly=True,
        help="The words of the conversation, to find it by.")

    @classmethod
    def __register__(cls, module):
        is_new = _is_new(cls, 'words')
        super().__register__(module)
        if is_new:
            Words.fill(cls, 'words', ['subject', 'body'])
        Words.add_index(cls, 'words')

    @classmethod
    def preprocess_values(cls, mode, values):
        values = super().preprocess_values(mode, values)
        if mode == 'create':
            values['words'] = _join(
                [values.get('subject'), values.get('body')])
        return values

    @classmethod
    def is_searched(cls, table):
        "Return the SQL condition of what a search for tickets looks at."
        return Literal(True)


def _is_new(Model, name):
    "Tell if the table of the model is there but does not have the column."
    return (backend.TableHandler.table_exist(Model._table)
        and not backend.TableHandler(Model).column_exist(name))


def _join(texts):
    return ' '.join(filter(None, texts))
