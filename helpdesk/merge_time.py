# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.pool import Pool, PoolMeta


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    @classmethod
    def _move_others(cls, of_ticket, target):
        pool = Pool()
        Line = pool.get('timesheet.line')
        Work = pool.get('timesheet.work')
        works = {w.id: of_ticket[w.origin.id]
            for w in cls._works(list(cls.browse(list(of_ticket))))}
        moved = super()._move_others(of_ticket, target)
        lines = list(Line.search(
                [('work', 'in', list(works))], order=[('id', 'ASC')]))
        if not lines:
            return moved
        work = next(iter(cls._works([target])), None)
        if not work:
            work, = Work.create([{
                        'origin': str(target),
                        'company': target.company.id,
                        }])
        old = {line.id: line.work.id for line in lines}
        Line.write(lines, {'work': work.id})
        return moved + [{
                'merge': works[old[line.id]],
                'record': str(line),
                'field': 'work',
                'old': str(old[line.id]),
                'new': str(work.id),
                } for line in lines]
