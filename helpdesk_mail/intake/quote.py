# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""What a person wrote now, apart from what stands below it.

Decided here: which lines of a text quote an earlier letter and which are a
signature, as the mail programs of people who write es, ca, en, de, fr, pt,
it and nl make them.  Not here: whether to hide them.

No line is lost, and in doubt a line is fresh: an answer between the lines
of a quote keeps the quote that it answers, a forwarded letter is new to its
reader, and a text that has nothing fresh is not folded at all.  Time grows
with the length only.
"""
import re
from dataclasses import dataclass

MAX_LINES = 10_000
MAX_LINE = 1000
# Lines that a mail program makes of one 'On ... wrote:'
MAX_WRAP = 4
# Lines of a signature whose '--' has lost its blank
MAX_SIGNATURE = 20

_MARK = re.compile(r'[ \t]{0,3}>')
_STARS = str.maketrans('', '', '*')
_DECORATION = ' \t\xa0*_#-–—=<>|'

# "On Monday ... Ann wrote:", in the order of the languages above
_WROTE = (
    r'(?:escribió|ha escrito|va escriure|ha escrit|wrote|schrieb|a écrit'
    r'|escreveu|ha scritto|schreef|geschreven|skrev|napisał|napsal|napsala'
    r'|написал|пишет)')
_INTRO = re.compile(
    r'(?:.{0,400}[\s,;)>])?' + _WROTE + r'(?:[\s,;(].{0,300})?\s?[:：]', re.I)
_OPENING = re.compile(
    r'(?:El|On|Am|Le|Em|Il|Op|Den|Dne|Dnia|W dniu|Missatge de)\s')
# Gmail in Catalan has no verb
_MESSAGE_OF = re.compile(r'Missatge de .{1,300} del dia .{1,100}:', re.I)
# What tells the line of a program from that of a person who tells a story
_BY_PROGRAM = re.compile(
    r'\d[:.h]\d\d|\d{4}[-/.]\d|[^\s@]@[^\s@]', re.I)
_ORIGINAL = re.compile(
    r'(?:original message|mensaje original|missatge original'
    r'|ursprüngliche nachricht|original-?nachricht|message d.origine'
    r'|message original|message initial|mensagem original'
    r'|messaggio originale|oorspronkelijk bericht|origineel bericht)', re.I)
_FORWARDED = re.compile(
    r'(?:forwarded (?:message|mail|email)|begin forwarded message'
    r'|mensaje reenviado|inicio del mensaje reenviado'
    r'|missatge reenviat|inici del missatge reenviat'
    r'|weitergeleitete (?:nachricht|e-mail)'
    r'|anfang der weitergeleiteten (?:nachricht|e-mail)'
    r'|message transféré|message réexpédié'
    r'|début du message (?:transféré|réexpédié)'
    r'|mensagem (?:encaminhada|reencaminhada)'
    r'|início da mensagem (?:encaminhada|reencaminhada)'
    r'|messaggio inoltrato|inizio messaggio inoltrato'
    r'|doorgestuurd bericht|begin doorgestuurd bericht)\s?:?', re.I)
# The second one is what html2text makes of a line across
_RULE = re.compile(r'[_-]{20,}|\* \* \*')

# The header of the earlier letter as Outlook and phones write it
_HEADER = {
    'from': "from|de|von|da|van|expéditeur|remitente|remitent",
    'date': (
        "sent|date|enviado|enviado el|fecha|data|enviat|enviat el|gesendet"
        "|datum|envoyé|envoyé le|inviato|data de envio|enviada em|enviada"
        "|verzonden"),
    'to': "to|para|per a|a|an|à|aan",
    'subject': (
        "subject|asunto|assumpte|tema|betreff|objet|sujet|assunto|oggetto"
        "|onderwerp"),
    'other': (
        "cc|kopie|copia|còpia|importance|importancia|importància|priority"
        "|wichtigkeit|priorité|attachments|adjuntos|anlagen|reply-to"),
    }
_ROLES = {
    word: role for role, words in _HEADER.items()
    for word in words.split('|')}
_FIELD = re.compile(r'([^\W\d_][\w -]{0,20}?)\s?[:：]')

_DASHES = re.compile(r'--[ \t\xa0]?')
_PHONE = re.compile(
    r'(?:sent (?:from|with|via|using) |get outlook for '
    r'|enviad[oa] (?:desde|con|de) |obtener outlook para '
    r'|enviat (?:des|amb|via) |obt[eé]n(?:iu|ir)? (?:l.)?outlook per '
    r'|baixeu.{0,3} (?:l.)?outlook per '
    r'|gesendet (?:mit|von|vom) |von meinem .{1,40} gesendet'
    r'|diese nachricht wurde von mein.{1,60} gesendet'
    r'|outlook für \w+ (?:beziehen|herunterladen)|holen sie sich outlook für '
    r'|envoyé (?:de|depuis|à partir|avec) |obtenir outlook pour '
    r'|télécharger outlook pour |enviado do meu |obter o outlook para '
    r'|inviato da |ottenere outlook per |scarica outlook per '
    r'|verzonden (?:vanaf|met|via|vanuit) |outlook voor \w+ downloaden)'
    r'.{0,150}|von meinem .{1,40} gesendet\.?', re.I)
_PGP_BEGIN = '-----BEGIN PGP SIGNED MESSAGE-----'
_PGP_SIGNATURE = '-----BEGIN PGP SIGNATURE-----'
_LEGAL = re.compile(
    r'(?:aviso (?:legal|de confidencialidad)|av[ií]s (?:legal|de '
    r'confidencialitat)|nota de confidencialidad'
    r'|cl[aà]usula de confidencialita[dt]'
    r'|(?:legal|confidentiality|privacy) (?:notice|disclaimer)'
    r'|vertraulichkeitshinweis|rechtlicher hinweis'
    r'|avis (?:de confidentialité|juridique|légal)'
    r'|aviso de privacidade|avviso di riservatezza)\b.{0,600}', re.I)


@dataclass(frozen=True)
class Folded:
    """A text, taken apart.

    ``text`` is what the person wrote now, ``quoted`` what they quote and
    ``signature`` what their mail program puts below each letter: the lines
    as they came, '' if there are none.
    """

    text: str
    quoted: str = ''
    signature: str = ''


def fold(text, separators=()):
    """Return the Folded text of a letter, with line ends '\\n'.

    ``separators`` are the lines that ask to write above them, as they stand
    in our own letters: everything from the first one on is quoted.  Lines
    after the first 10,000 are not looked at and stay with what is above.
    """
    lines = text.split('\n')
    kinds = kinds_of(lines, separators)
    fresh = _join(lines, kinds, 'fresh')
    if not fresh:
        return Folded(text)
    return Folded(
        fresh, _join(lines, kinds, 'quoted'),
        _join(lines, kinds, 'signature'))


def kinds_of(lines, separators=()):
    """Return the list of the kinds: 'fresh', 'quoted' or 'signature'.

    One for each line; all lines after the first 10,000 are of one kind.
    """
    first = lines[:MAX_LINES]
    kinds = _cut(first, separators) or _kinds(first)
    return kinds + kinds[-1:] * (len(lines) - len(first))


def _join(lines, kinds, wanted):
    "Return the lines of that kind without blank lines around them."
    picked, last = [], None
    for number, (line, kind) in enumerate(zip(lines, kinds)):
        if kind == wanted:
            if picked and last != number - 1:
                picked.append('')
            picked.append(line)
            last = number
    written = [n for n, line in enumerate(picked) if line.strip()]
    return '\n'.join(picked[written[0]:written[-1] + 1] if written else [])


def _cut(lines, separators):
    "Return the kinds of the lines if one is our separator, else None."
    wanted = {_plain(s) for s in separators} - {''}
    if not wanted:
        return
    for number, line in enumerate(lines):
        if len(line) <= MAX_LINE and _plain(line) in wanted:
            break
    else:
        return
    above = lines[:number]
    # What the person's program writes above the quote is no answer.
    kinds = _kinds(above, cut=True)
    if any(k == 'fresh' and line.strip() for k, line in zip(kinds, above)):
        return kinds + ['quoted'] * (len(lines) - number)


def _plain(line):
    "Return the line as it reads without marks, blanks and decoration."
    return ' '.join(line.strip(_DECORATION).casefold().split())


def _kinds(lines, cut=False):
    """Return the kind of each line: 'fresh', 'quoted' or 'signature'.

    ``cut`` tells that a quote follows the last line.
    """
    kinds = _quotes(lines, cut)
    _sign(lines, kinds)
    if _PGP_BEGIN in lines[:10]:
        first = lines.index(_PGP_BEGIN)
        blank = _blank(lines, first)
        kinds[first:blank] = ['signature'] * (blank - first)
    fresh = [n for n, (line, kind) in enumerate(zip(lines, kinds))
        if kind == 'fresh' and line.strip()]
    if fresh and 'quoted' in kinds[fresh[0]:fresh[-1]]:
        # A quote between fresh lines is what they answer; the first of
        # these quotes stands above them.
        for number in range(fresh[-1]):
            if kinds[number] == 'quoted':
                kinds[number] = 'fresh'
    return kinds


def _quotes(lines, cut):
    "Return the kind of each line: 'fresh' or 'quoted'."
    kinds = []
    marked = [bool(_MARK.match(line)) for line in lines]
    while len(kinds) < len(lines):
        number = len(kinds)
        line = lines[number]
        if marked[number]:
            kinds.append('quoted')
        elif not line or len(line) > MAX_LINE or line.isspace():
            kinds.append('fresh')
        elif _is_forward(line):
            return kinds + ['fresh'] * (len(lines) - number)
        elif count := _introduces(lines, marked, number, cut):
            following = _next(lines, number + count)
            if following is None or not marked[following]:
                return kinds + ['quoted'] * (len(lines) - number)
            kinds += ['quoted'] * (following - number)
        elif _starts_letter(lines, number):
            return kinds + ['quoted'] * (len(lines) - number)
        else:
            kinds.append('fresh')
    return kinds


def _blank(lines, number):
    "Return the number of the next blank line, near below, else the next."
    for following in range(number, min(number + 9, len(lines))):
        if not lines[following].strip():
            return following
    return number + 1


def _next(lines, number):
    "Return the number of the next line that is not blank, None without."
    for following in range(number, min(number + 4, len(lines))):
        if lines[following].strip():
            return following


def _is_forward(line):
    return bool(_FORWARDED.fullmatch(line.strip(_DECORATION)))


def _introduces(lines, marked, number, cut):
    "Return how many lines from that one on say 'On ... wrote:'."
    joined = []
    for end in range(number + 1, min(number + MAX_WRAP, len(lines)) + 1):
        line = lines[end - 1].translate(_STARS).strip()
        if marked[end - 1] or not line or len(line) > MAX_LINE:
            break
        joined.append(line)
        if line.endswith((':', '：')):
            following = _next(lines, end)
            quoted = (cut if following is None else marked[following])
            if _is_intro(joined, quoted):
                return end - number
            break
    return 0


def _is_intro(joined, quoted):
    """Tell if the lines say 'On ... wrote:', and no fewer of them do.

    ``quoted`` tells that a quote follows.
    """
    text = ' '.join(joined)
    if not (_INTRO.fullmatch(text) or _MESSAGE_OF.fullmatch(text)):
        return False
    if not quoted and not _BY_PROGRAM.search(text):
        return False
    for start in range(1, len(joined)):
        rest = ' '.join(joined[start:])
        if _INTRO.fullmatch(rest) and (
                _OPENING.match(rest)
                or not _OPENING.match(text) and _BY_PROGRAM.search(rest)):
            return False
    return True


def _starts_letter(lines, number):
    "Tell if the header of an earlier letter begins at the line."
    line = lines[number].strip()
    if line[:1] in {'-', '_', '=', '*'}:
        if _ORIGINAL.fullmatch(line.strip(_DECORATION)):
            return True
        if _RULE.fullmatch(line):
            following = _next(lines, number + 1)
            return (following is not None
                and _is_header(lines, following))
    return _is_header(lines, number)


def _is_header(lines, number):
    roles = set()
    for line in lines[number:number + 10]:
        match = _FIELD.match(line[:MAX_LINE].translate(_STARS).strip())
        role = match and _ROLES.get(match[1].lower())
        if role:
            roles.add(role)
        elif not roles:
            return False
        elif not line.strip():
            break
    return 'from' in roles and (
        'subject' in roles or {'date', 'to'} <= roles)


def _sign(lines, kinds):
    "Mark the signatures below the fresh lines, above a quote or the end."
    start = 0
    while start < len(lines):
        end = start
        while end < len(lines) and kinds[end] == kinds[start]:
            end += 1
        if kinds[start] == 'fresh':
            first = _signature(lines[start:end])
            if first is not None:
                kinds[start + first:end] = ['signature'] * (
                    end - start - first)
        start = end


def _signature(lines):
    "Return the number of the line where a signature begins, None without."
    if _PGP_SIGNATURE in lines:
        # What PGP writes below the text, whatever stands after it
        return lines.index(_PGP_SIGNATURE)
    last = max((n for n, line in enumerate(lines) if line.strip()), default=0)
    for number, line in enumerate(lines[:last + 1]):
        if len(line) > MAX_LINE:
            continue
        if _DASHES.fullmatch(line) and (
                line != '--' or last - number <= MAX_SIGNATURE):
            return number
        plain = line.strip(_DECORATION)
        if number and lines[number - 1].strip() or not plain:
            continue
        if (_LEGAL.fullmatch(plain)
                or number == last and _PHONE.fullmatch(plain)):
            return number
