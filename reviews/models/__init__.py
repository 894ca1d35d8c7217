"""One idea a file; everything outside imports from `reviews.models`."""

from reviews.models.blob import BlobResult
from reviews.models.finding import Finding, FindingEvent
from reviews.models.repository import Repository
from reviews.models.scan import Scan, ScanTree
from reviews.models.team import Membership, Team
from reviews.models.user import User

__all__ = ["BlobResult", "Finding", "FindingEvent", "Membership", "Repository", "Scan", "ScanTree", "Team", "User"]
