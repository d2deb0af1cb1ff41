# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Runs a command of Tryton in which something goes wrong.

    python -m tests.together.accidents CONFIG ACCIDENT MODULE ARGUMENT...

MODULE is the command as python -m takes it, such as trytond.cli.cron.
"""
import functools
import os
import runpy
import signal
import sys
import time


def killed_before_commit():
    "The process is killed with letters fetched, but not yet stored"
    from trytond.modules.helpdesk_mail.mail_account import Account
    Account._take = _then(Account._take, _kill)


def killed_before_judging():
    "The process is killed with letters stored, but not yet judged"
    from trytond.modules.helpdesk_mail import mail
    mail.receive = _kill


def poison():
    "Letters with a certain subject find a defect, late"
    from trytond.modules.helpdesk_mail.intake import file
    file.conversation_values = _then(
        file.conversation_values, _fail_on_poison)


def deadly():
    "Letters with a certain subject kill whoever judges them"
    from trytond.modules.helpdesk_mail.intake import filter
    filter.judge = _then(filter.judge, _kill_by_deadly)


def not_stored():
    "A letter finds a defect before it is stored"
    from trytond.modules.helpdesk_mail.inbound_email import Inbox
    Inbox.deliver = _then(Inbox.deliver, _fail)


def slow():
    "Judging takes so long that two are sure to do it at once"
    from trytond.modules.helpdesk_mail.receive import Receiver
    Receiver.deduplicate = _then(
        Receiver.deduplicate, lambda *args: time.sleep(1))


def _then(function, other):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        result = function(*args, **kwargs)
        other(*args)
        return result
    return wrapper


def _kill(*args):
    os.kill(os.getpid(), signal.SIGKILL)


def _fail(*args):
    raise RuntimeError("defect")


def _fail_on_poison(letter, *args):
    if 'Poison' in letter.subject:
        _fail()


def _kill_by_deadly(letter, *args):
    if 'Deadly' in letter.subject:
        _kill()


if __name__ == '__main__':
    import trytond.config as config
    _, conf, accident, module, *arguments = sys.argv
    # Some modules read it when they are imported
    config.update_etc([conf])
    globals()[accident]()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name='__main__')
