"""The words of the review workflow: its states, the occasions and what can be done. Pure."""

from enum import StrEnum


class State(StrEnum):
    """Where a review stands."""

    DRAFT = "draft"
    SCANNING = "scanning"
    SCAN_FAILED = "scan-failed"
    SELF_ASSESSMENT = "self-assessment"
    SUBMITTED = "submitted"
    IN_REVIEW = "in-review"
    CHANGES_REQUESTED = "changes-requested"
    APPROVED = "approved"
    APPROVED_WITH_CONDITIONS = "approved-with-conditions"
    REJECTED = "rejected"
    NEEDS_REAFFIRMATION = "needs-reaffirmation"
    STALE = "stale"
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> str:
        """The state as words."""
        return self.value.replace("-", " ")


class Occasion(StrEnum):
    """Why a review is held; decides what is asked."""

    FIRST_LAUNCH = "first-launch"
    MAJOR_CHANGE = "major-change"
    RELEASE = "release"
    PERIODIC = "periodic"
    INCIDENT = "after-an-incident"
    TIER_RAISED = "tier-raised"

    @property
    def label(self) -> str:
        """The occasion as words."""
        return self.value.replace("-", " ")


class Action(StrEnum):
    """What moves a review from one state to another."""

    START = "start"
    SCANNED = "scanned"
    SCAN_FAILS = "scan-fails"
    RETRY = "retry"
    SUBMIT = "submit"
    CLAIM = "claim"
    RELEASE = "release"
    REQUEST_CHANGES = "request-changes"
    SIGN = "sign"
    APPROVE = "approve"
    APPROVE_WITH_CONDITIONS = "approve-with-conditions"
    REJECT = "reject"
    MOVE = "move"
    WITHDRAW = "withdraw"
    CHANGE = "change"
    REAFFIRM = "reaffirm"
    REAFFIRM_SOME = "reaffirm-some"
    SETTLE = "settle"
    LAPSE = "lapse"
    EXPIRE = "expire"
    SUSPEND = "suspend"
    RESTORE = "restore"
    REVOKE = "revoke"
    SUPERSEDE = "supersede"


S = State
OPEN = (S.DRAFT, S.SCANNING, S.SCAN_FAILED, S.SELF_ASSESSMENT, S.SUBMITTED, S.IN_REVIEW, S.CHANGES_REQUESTED)
ANSWERING = (S.SELF_ASSESSMENT, S.CHANGES_REQUESTED)
IN_FORCE = (S.APPROVED, S.APPROVED_WITH_CONDITIONS)
HELD = (*IN_FORCE, S.NEEDS_REAFFIRMATION, S.SUSPENDED)
DECIDED = (*HELD, S.REJECTED, S.STALE, S.EXPIRED, S.REVOKED, S.SUPERSEDED)
