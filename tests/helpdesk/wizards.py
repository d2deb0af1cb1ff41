# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Going through wizards as a client does.
"""
from trytond.pool import Pool
from trytond.transaction import Transaction


def go_through(desk, name, tickets, button, user=None, **values):
    "Fill in the form of a wizard on tickets and press a button"
    pool = Pool()
    Wizard = pool.get(name, type='wizard')
    user, context = desk.as_user(user or desk.agent)
    with user, context, Transaction().set_context(
            active_model='helpdesk.ticket', active_id=tickets[0].id,
            active_ids=[t.id for t in tickets],
            # The server leaves it to the wizard what is checked
            _check_access=False):
        session_id, start, _ = Wizard.create()
        defaults = Wizard.execute(session_id, {}, start)['view']['defaults']
        Wizard.execute(session_id, {'start': {
                    **{k: v for k, v in defaults.items() if '.' not in k},
                    **values,
                    }}, button)
        Wizard.delete(session_id)
    return [t.__class__(t.id) for t in tickets]
