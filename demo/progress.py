# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What the person in front of the terminal sees, and how troubles are told.

Only the standard library: this runs before anything is installed.
"""
import contextlib
import subprocess
import sys
import threading
import time
from collections import deque

TAIL = 15


class Trouble(Exception):
    "Something a person can do something about, in plain words"


def say(text=''):
    print(text, flush=True)


@contextlib.contextmanager
def step(text):
    "Show the text and how many seconds the block has been taking"
    started = time.monotonic()
    ended = threading.Event()
    live = sys.stdout.isatty()

    def show():
        seconds = round(time.monotonic() - started)
        start = f"\r  {text} ..." if live else ""
        print(f"{start} {seconds} s", end='', flush=True)

    def tick():
        show()
        while not ended.wait(1):
            show()

    clock = threading.Thread(target=tick, daemon=True)
    if live:
        clock.start()
    else:
        print(f"  {text} ...", end='', flush=True)
    try:
        yield
    finally:
        ended.set()
        if live:
            clock.join()
        show()
        say()


def tail(log):
    with open(log, encoding='utf-8', errors='replace') as lines:
        return ''.join(deque(lines, maxlen=TAIL)).rstrip()


def run(command, log, wrong, **options):
    """
    Run the command with its output in the file log.

    Raises Trouble with the words `wrong` and the end of the log.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open('w', encoding='utf-8') as output:
        code = subprocess.run(
            [str(part) for part in command],
            stdout=output, stderr=subprocess.STDOUT, **options).returncode
    if code:
        raise Trouble(f"{wrong}\n\n{tail(log)}\n\nAll of it is in {log}")
