# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"What a team has made for itself: stages, tags, fields, answers, promises"
import datetime as dt

from proteus import Model

from .records import language, make

STAGES = [
    ("Diagnosis", 'open'),
    ("Repair", 'open'),
    ("Parts ordered", 'third_party'),
    ]
TAGS = [("Warranty", '#2e8b57'), ("Important customer", '#c0392b')]
# Name, priority, and in how many hours the first answer and the solution
LEVELS = [("Standard", None, 8, 40), ("Urgent", 'urgent', 1, 8)]
REASONS = ["Repaired", "Explained", "Duplicate", "Spam"]
DESCALING = """\
Bona tarda, ${ticket.contact_name}:

amb aigua dura, cada dos-cents cafès. El kit porta sis dosis.

Salutacions,
${agent.name}"""


def fill(section):
    for name, state in STAGES:
        stage = Model.get('helpdesk.stage')(name=name, state=state)
        stage.sections.append(Model.get('helpdesk.section')(section.id))
        stage.save()
    for name, color in TAGS:
        make('helpdesk.tag', name=name, color=color)
    for name in REASONS:
        make('helpdesk.close_reason', name=name)
    for name, priority, first_answer, solution in LEVELS:
        make(
            'helpdesk.service_level', name=name, priority=priority,
            first_answer=dt.timedelta(hours=first_answer),
            solution=dt.timedelta(hours=solution),
            warn_before=dt.timedelta(hours=first_answer) / 2)
    make(
        'helpdesk.reply_template', name="Cada quant descalcificar",
        language=language('ca'), text=DESCALING)
    serial = make(
        'helpdesk.ticket.attribute', string="Serial number",
        name='serial_number', type_='char')
    machine = Model.get('helpdesk.ticket.attribute.set')(name="Machine")
    machine.attributes.append(serial)
    machine.save()
    section.attribute_set = machine
    section.close_reason_required = True
    section.save()
