# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

import pytest
from trytond.modules.helpdesk import public_holidays

pytestmark = pytest.mark.once


def test_countries_and_regions():
    "C11: countries and regions have names"
    countries = public_holidays.countries()
    assert countries['ES'] == "Spain"
    assert countries['US'] == "United States"
    assert len(countries) > 100
    regions = public_holidays.regions('ES')
    assert regions['MD'] == "Madrid"
    assert regions['AN'] == "Andalucía"
    assert '971' in public_holidays.regions('FR')


@pytest.mark.parametrize('region, language, date, name', [
        ('CT', 'ca', dt.date(2026, 9, 11), "Diada Nacional de Catalunya"),
        ('CT', 'es', dt.date(2026, 1, 1), "Año Nuevo"),
        (None, 'en', dt.date(2026, 1, 1), "New Year's Day"),
        # Those of the country, where the library lacks a language
        ('CT', 'de', dt.date(2026, 1, 1), "Año Nuevo"),
        (None, None, dt.date(2026, 1, 1), "Año Nuevo"),
        ])
def test_names(region, language, date, name):
    "C11: holidays of a region, with names in a language"
    days = public_holidays.days('ES', region, [2026], language)
    assert dict(days)[date] == name
    assert days == sorted(days)
    assert {d.year for d, _ in days} == {2026}


def test_region_has_more():
    "C11: a region has holidays of its own"
    country = public_holidays.days('ES', None, [2026])
    region = public_holidays.days('ES', 'CT', [2026])
    assert dt.date(2026, 9, 11) in dict(region)
    assert dt.date(2026, 9, 11) not in dict(country)


def test_every_country():
    "C11: none of the countries and regions that are offered fails"
    for country in public_holidays.countries():
        public_holidays.regions(country)
    for country in ['AD', 'DE', 'ES', 'FR', 'GB', 'PT', 'US']:
        for region in public_holidays.regions(country):
            assert public_holidays.days(country, region, [2027])


def test_unknown():
    with pytest.raises(public_holidays.Unknown):
        public_holidays.days('XX')
    with pytest.raises(public_holidays.Unknown):
        public_holidays.regions('XX')
    with pytest.raises(public_holidays.Unknown):
        public_holidays.days('ES', 'XX', [2026])
