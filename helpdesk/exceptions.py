# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.exceptions import UserWarning
from trytond.model.exceptions import AccessError, ValidationError


class SectionActiveError(ValidationError):
    pass


class LimitError(ValidationError):
    pass


class TicketDeleteError(AccessError):
    pass


class TransitionError(ValidationError):
    pass


class StageError(ValidationError):
    pass


class CloseReasonError(ValidationError):
    pass


class ClosingWarning(UserWarning):
    pass


class WorkCalendarError(ValidationError):
    pass


class HolidayError(ValidationError):
    pass


class WaitingError(ValidationError):
    pass


class WorkError(ValidationError):
    pass


class AuthorizationError(ValidationError):
    pass


class ResponsibleError(ValidationError):
    pass


class AbsenceError(ValidationError):
    pass


class AbsenceWarning(UserWarning):
    pass


class HandoverError(ValidationError):
    pass


class SplitError(ValidationError):
    pass


class MoveWarning(UserWarning):
    pass


class ChangeError(ValidationError):
    pass


class MakeError(ValidationError):
    pass


class ConvertError(ValidationError):
    pass


class OverviewError(ValidationError):
    pass


class MergeError(ValidationError):
    pass


class WatcherWarning(UserWarning):
    pass


class HistoryModificationError(AccessError):
    pass


class AnswerError(ValidationError):
    pass


class AnswerStaleWarning(UserWarning):
    pass


class ReportingPeriodError(ValidationError):
    pass


class ReplyTemplateError(ValidationError):
    pass


class FollowerError(ValidationError):
    pass
