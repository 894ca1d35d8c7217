"""Names that say that callers are kept out, or that they are let in on purpose."""

import re
from functools import lru_cache
from typing import Final

from scanners.regex import regex

OPEN: Final = regex(
    r"AllowAny|login_not_required|no_?auth|skip_?auth|anonymous|public|unauthenticated|allow_guest|without_auth|auth_?exempt|NoPermission|unprotected",
    re.IGNORECASE,
)
_GUARD: Final = regex(
    r"login|log(ged)?_in(_|$)|auth(?!or(?!i))|jwt|token(?!i)|permission|permit(s|ted)?(_|$)|perms?(_|$)|roles?(_|$)|admin|staff"
    r"|superuser|secur(e|ity)|protected|scopes?(_|$)|api_?key|credential|access(_|$)|principal|identity|signature|hmac"
    r"|current_?((active|enabled|verified|confirmed|valid|logged_in|authenticated)_?)?(user|account|admin|member|customer|tenant|principal)"
    r"|get_(active_)?(user|account|principal|identity)$|verif(y|ied)"
    r"|acl$|oidc|saml|require_?(user|role|admin|scope|owner)|passes_test|compare_digest|(^|_)can_\w+"
    r"|check_\w*(owner|allowed|user)|ensure_\w*(owner|user|allowed)|entitle|captcha|restricted|policy"
)
_ASIDE: Final = regex(
    r"^_?(no|not|non|without)_|access_?log|(_|^)(repo|repository|dao|service|client|settings|config|manager|factory|stor(e|age))$"
)
_PARTICIPLE: Final = regex(r"required|authenticated|protected|secured?|restricted|permission|staff|admin", re.I)
_SEAM: Final = regex(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD: Final = regex(r"\w+")


@lru_cache(maxsize=4096)
def guarding(text: str) -> bool:
    """Whether a decorator, dependency, class or function is named after keeping callers out, word by word.

    What is named after a negation, or after what only holds users and tokens (`get_oauth_repository`), is not.
    """
    if OPEN.search(text):
        return False
    words = (_SEAM.sub("_", word).lower() for word in _WORD.findall(text))
    return any(_GUARD.search(word) and not _ASIDE.search(word) for word in words)


def guards_as_base(name: str) -> bool:
    """Whether a class above a view is named after keeping callers out: a `LoginView` lets them in."""
    return guarding(name) and (not name.endswith(("View", "ViewSet")) or bool(_PARTICIPLE.search(name)))
