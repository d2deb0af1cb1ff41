#!/usr/bin/env python3
# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What setup.cfg cannot say: the version and what we depend on.

Both have one source, the tryton.cfg of the three modules.
"""
from configparser import ConfigParser
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODULES = ['helpdesk', 'helpdesk_mail', 'helpdesk_portal']
TRYTON = '>= 8.0, < 8.3'
LIBRARIES = [
    'altcha',
    'Authlib',
    'charset-normalizer',
    'holidays',
    'html2text',
    'IMAPClient',
    'Jinja2',
    'nh3',
    'Pillow',
    'rapidfuzz',
    'requests',
    'weasyprint >= 68',
    ]
TEST_LIBRARIES = [
    'aiosmtpd',
    'flake8',
    'gunicorn',
    'hypothesis',
    'isort',
    'playwright',
    'polib',
    'psycopg[binary,pool]',
    'pypdf',
    'pytest',
    'pytest-rerunfailures',
    'pytest-timeout',
    'pytest-xdist',
    'trustme',
    ]
DOC_LIBRARIES = [
    'Sphinx',
    ]


def tryton_cfg(module):
    config = ConfigParser()
    with (HERE / module / 'tryton.cfg').open(encoding='utf-8') as lines:
        config.read_file(lines)
    return config['tryton']


def version():
    versions = {tryton_cfg(m)['version'] for m in MODULES}
    if len(versions) != 1:
        raise SystemExit(
            "The three tryton.cfg must have the same version, not "
            + ", ".join(sorted(versions)))
    return versions.pop()


def tryton_modules(option):
    "Return the names in an option of the three tryton.cfg, ours left out"
    names = set()
    for module in MODULES:
        names.update(tryton_cfg(module).get(option, '').split())
    return sorted(names - {'ir', 'res', *MODULES})


def tryton_requirements(option):
    return [f'trytond_{m} {TRYTON}' for m in tryton_modules(option)]


def install_requires():
    return [
        f'trytond {TRYTON}', *tryton_requirements('depends'), *LIBRARIES]


def extras_require():
    extras = {
        m: [f'trytond_{m} {TRYTON}'] for m in tryton_modules('extras_depend')}
    extras['test'] = [
        f'proteus {TRYTON}', *tryton_requirements('extras_depend'),
        *TEST_LIBRARIES]
    extras['doc'] = DOC_LIBRARIES
    return extras


if __name__ == '__main__':
    from setuptools import setup

    setup(
        version=version(),
        install_requires=install_requires(),
        extras_require=extras_require(),
        )
