# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The times of tickets that the reports add up.
"""
from trytond.model import fields
from trytond.pool import PoolMeta


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    solved_at = fields.DateTime("Solved On", readonly=True)
    first_answer_time = fields.TimeDelta("First Answer Time", readonly=True)
    first_answer_open_time = fields.TimeDelta(
        "First Answer Open Time", readonly=True)
    solution_time = fields.TimeDelta("Solution Time", readonly=True)
    solution_open_time = fields.TimeDelta("Solution Open Time", readonly=True)
    agent_solution_time = fields.TimeDelta(
        "Agents' Solution Time", readonly=True)
    agent_solution_open_time = fields.TimeDelta(
        "Agents' Solution Open Time", readonly=True)
    customer_solution_time = fields.TimeDelta(
        "Customer's Solution Time", readonly=True)
    customer_solution_open_time = fields.TimeDelta(
        "Customer's Solution Open Time", readonly=True)
    third_party_solution_time = fields.TimeDelta(
        "Third Party's Solution Time", readonly=True)
    third_party_solution_open_time = fields.TimeDelta(
        "Third Party's Solution Open Time", readonly=True)
