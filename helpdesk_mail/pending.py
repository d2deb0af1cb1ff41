# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import trytond.config as config
from trytond.pool import Pool
from trytond.transaction import without_check_access


@without_check_access
def not_queued(Model, method, records):
    """
    Return those of the records that no task of the queue waits for.

    Model is the class, method the name of the method that is queued for it,
    records a list of records. It costs one query. What would be queued again
    each time a scheduled action runs would make the queue longer and longer
    while the workers lag behind.

    A task that a worker has taken does not count: it may have been killed.
    Nor does any without a worker: a task is then run at once, or never.
    """
    pool = Pool()
    Queue = pool.get('ir.queue')
    if not records or not config.getboolean('queue', 'worker', default=False):
        return list(records)
    queued = set()
    for task in Queue.search([
                ('dequeued_at', '=', None),
                ('finished_at', '=', None),
                ('data.model', '=', Model.__name__),
                ('data.method', '=', method),
                ], order=[]):
        instances = task.data['instances']
        if isinstance(instances, int):
            instances = [instances]
        queued.update(instances)
    return [r for r in records if r.id not in queued]
