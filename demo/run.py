# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What `make demo` calls, with whatever Python the machine has.

It must be readable for any Python 3, or it could not say what is wrong.
"""
import os
import shutil
import subprocess
import sys

OLDEST = (3, 10)
NAMES = ['python3.13', 'python3.12', 'python3.11', 'python3.10']


def newer():
    "Return the path of a Python that is new enough, or None"
    for name in NAMES:
        path = shutil.which(name)
        if path and works(path):
            return path


def works(path):
    # A version manager may have a name on the path with nothing behind it.
    return not subprocess.call(
        [path, '-c', ''], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)


def main():
    if sys.version_info < OLDEST:
        python = newer()
        if not python:
            sys.exit(
                "The demo needs Python 3.10 or newer; this is Python "
                "%d.%d.\nIf a newer one is installed elsewhere:  "
                "make demo PYTHON=/path/to/python3" % sys.version_info[:2])
        os.execv(python, [python, '-m', 'demo.run'] + sys.argv[1:])
    from demo.prepare import main
    sys.exit(main())


if __name__ == '__main__':
    main()
