# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
from configparser import ConfigParser
from pathlib import Path

HERE = Path(__file__).resolve().parent

_config = ConfigParser()
_config.read(HERE.parent / 'helpdesk' / 'tryton.cfg', encoding='utf-8')

project = 'trytond-helpdesk'
author = 'the trytond-helpdesk contributors'
copyright = f'2026, {author}'
release = _config['tryton']['version']
version = '.'.join(release.split('.')[:2])

# doc/es is built on its own, with this same file
exclude_patterns = ['_build', 'es', 'ca']
locale_dirs = []
nitpicky = True
html_theme = 'alabaster'
html_theme_options = {
    'description': 'A helpdesk for Tryton',
    'page_width': '60rem',
    }
