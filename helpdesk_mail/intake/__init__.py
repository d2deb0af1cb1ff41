# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""A letter's way into the helpdesk, as a row of pure steps.

parse -> filter -> identify -> thread -> file -> acknowledge

trust.py tells how far a sender can be believed, agent.py and forward.py what
becomes of the letters of our own people; all three before identify.

Each step takes plain values and returns one.  None of them imports trytond,
looks at the clock, opens a file or a socket: look-ups come in as functions.
The caller that wires them to the database is receive.py.
"""
