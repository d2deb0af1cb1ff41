# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The public holidays of countries and their regions, by the library holidays.

Nothing is asked of anybody: the library comes with the holidays. Countries
are ISO 3166-1 codes of two letters, regions the codes of the library, which
mostly are those of ISO 3166-2 after the dash.
"""
import re
from functools import lru_cache

import holidays
from holidays.registry import COUNTRIES

# The library knows no holidays outside
FIRST_YEAR, LAST_YEAR = 1900, 2100


class Unknown(ValueError):
    "The library does not know this country or region."


@lru_cache(1)
def countries():
    "Return the English names of the countries by their codes."
    names = {code: name for name, code, *_ in COUNTRIES.values()}
    return {
        code: re.sub(r'(?<=[a-z])(?=[A-Z])', ' ', names.get(code, code))
        for code in holidays.list_supported_countries() if len(code) == 2}


def regions(country):
    """
    Return the names of the regions of a country by their codes.

    Where the library has no name it is the code. Raise Unknown.
    """
    known = _holidays(country)
    names = {code: code for code in known.subdivisions}
    for name, code in known.subdivisions_aliases.items():
        # Some have abbreviations besides
        if names[code] == code or len(name) > len(names[code]):
            names[code] = name
    return names


def days(country, region=None, years=(), language=None):
    """
    Return the public holidays of a country, or of one of its regions.

    region is a code or None, years is of integers, language is a code such as
    es or pt_BR; names are in the language of the country where there are none
    in it. Return a sorted list of tuples (date, name). Raise Unknown.
    """
    known = _holidays(country)
    found = _holidays(
        country, subdiv=region, years=sorted(years),
        language=(
            _closest(language, known.supported_languages)
            or known.default_language))
    return sorted(found.items())


def _holidays(country, **options):
    try:
        return holidays.country_holidays(country, **options)
    except NotImplementedError as error:
        raise Unknown(str(error)) from error


def _closest(language, languages):
    "Return the language, or a variety of it, of those there are, or None."
    if language in languages:
        return language
    short = (language or '').split('_')[0]
    for other in languages:
        if other.split('_')[0] == short:
            return other
