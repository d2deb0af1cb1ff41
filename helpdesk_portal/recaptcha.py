# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Google's opinion of who sends a form: reCAPTCHA v3.
"""
import logging

import requests
import trytond.config as config

URL = 'https://www.google.com/recaptcha/api/siteverify'
SCRIPT = 'https://www.google.com/recaptcha/api.js'
# What the browser asks the token for; Google tells it back
ACTION = 'helpdesk'
# Seconds to connect and to answer, while somebody waits for the page
TIMEOUT = (3, 5)
MAX_TOKEN = 10_000
# What the browser has to be allowed on the page that uses it
POLICY = {
    'script_src': "'self' https://www.google.com/recaptcha/ "
    'https://www.gstatic.com/recaptcha/',
    'frame_src': 'https://www.google.com/recaptcha/ '
    'https://recaptcha.google.com/recaptcha/',
    'connect_src': "'self' https://www.google.com/recaptcha/",
    }

logger = logging.getLogger(__name__)


def is_person(secret, token, score):
    """
    Tell whether Google takes the sender of the token for a person.

    secret is that of the site, token a str from the browser or None, score
    the least one that counts, from 0 to 1. When Google can't be asked nobody
    is. Never raise for what comes from the network.
    """
    if not secret or not token or len(token) > MAX_TOKEN:
        return False
    try:
        response = requests.post(
            config.get('helpdesk', 'recaptcha_url', default=URL),
            data={'secret': secret, 'response': token},
            timeout=TIMEOUT, allow_redirects=False)
        response.raise_for_status()
        # What leads elsewhere is not followed
        answer = {} if response.is_redirect else response.json()
        logger.info("reCAPTCHA: %s", answer)
        return (answer.get('success') is True
            and answer.get('action') == ACTION
            and float(answer.get('score', 0)) >= score)
    except (requests.RequestException, AttributeError, TypeError,
            ValueError) as error:
        logger.warning("cannot ask reCAPTCHA: %s", error)
        return False
