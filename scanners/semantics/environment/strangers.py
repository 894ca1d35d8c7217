"""What in a pipeline comes from people who may not push."""

import re
from typing import Final

SHA: Final = re.compile(r"^[0-9a-f]{40}([0-9a-f]{24})?$")


PLATFORM: Final = ("actions/", "github/")


TAINTED: Final = re.compile(
    r"\$\{\{[^}]*\bgithub\.(?:event\.(?:issue\.(?:title|body)|pull_request\.(?:title|body|head\.(?:ref|label|repo\.default_branch))"
    r"|comment\.body|review\.body|review_comment\.body|discussion\.(?:title|body)|pages\[?[^}]*page_name"
    r"|head_commit\.(?:message|author\.\w+)|commits\[?[^}]*(?:message|author)|workflow_run\.(?:head_branch|head_commit\.message))"
    r"|head_ref)\b[^}]*\}\}"
)


NUMBER_ONLY: Final = re.compile(r"\$\{\{\s*(?:contains|startsWith|endsWith|hashFiles)\(|==|!=")


HEAD: Final = re.compile(
    r"github\.event\.pull_request\.head\.|github\.head_ref|refs/pull/|workflow_run\.head_(sha|branch)"
)
