"""One idea a file; everything outside imports from `reviews.models`."""

from reviews.models.advisory import Advisory, AdvisoryLoad, AdvisoryPackage, AdvisoryReading
from reviews.models.audit import AuditEvent
from reviews.models.blob import BlobResult
from reviews.models.evidence import Evidence, Upload
from reviews.models.finding import Finding, FindingEvent
from reviews.models.forge import Comparison, Forge, PullRequest
from reviews.models.hook import Delivery, Hook
from reviews.models.introduction import Introduction, Tracing
from reviews.models.look import Look
from reviews.models.outbox import OutboxMessage
from reviews.models.patch import Patch
from reviews.models.repository import Repository
from reviews.models.review import Review, ReviewCommit, ReviewItem
from reviews.models.scan import Scan, ScanTree
from reviews.models.signoff import BreakGlass, Comment, SignOff, Verdict
from reviews.models.team import Membership, Team
from reviews.models.template import ReviewTemplate
from reviews.models.token import ApiToken
from reviews.models.user import User
from reviews.models.waiver import Condition, WaivedFinding, Waiver

__all__ = [
    "Advisory",
    "AdvisoryLoad",
    "AdvisoryPackage",
    "AdvisoryReading",
    "ApiToken",
    "AuditEvent",
    "BlobResult",
    "BreakGlass",
    "Comment",
    "Comparison",
    "Condition",
    "Delivery",
    "Evidence",
    "Finding",
    "FindingEvent",
    "Forge",
    "Hook",
    "Introduction",
    "Look",
    "Membership",
    "OutboxMessage",
    "Patch",
    "PullRequest",
    "Repository",
    "Review",
    "ReviewCommit",
    "ReviewItem",
    "ReviewTemplate",
    "Scan",
    "ScanTree",
    "SignOff",
    "Team",
    "Tracing",
    "Upload",
    "User",
    "Verdict",
    "WaivedFinding",
    "Waiver",
]
