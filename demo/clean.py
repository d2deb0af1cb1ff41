# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"Remove all that the demo has made"
import shutil
import sys

from . import place
from .progress import Trouble, say


def main():
    if not place.HOME.exists():
        say("There is nothing to remove.")
        return 0
    try:
        place.lock()
        shutil.rmtree(place.HOME)
    except (Trouble, OSError) as trouble:
        say(str(trouble))
        return 1
    say("The demo is removed.")
    return 0


if __name__ == '__main__':
    sys.exit(main())
