"""What in a pipeline comes from people who may not push."""

from typing import Final

from scanners.regex import regex

SHA: Final = regex(r"^[0-9a-f]{40}([0-9a-f]{24})?$")


PLATFORM: Final = ("actions/", "github/")


TAINTED: Final = regex(
    r"\$\{\{(?:[^}$]|\$(?!\{\{))*\bgithub\.(?:event\.(?:issue\.(?:title|body)|pull_request\.(?:title|body|head\.(?:ref|label|repo\.default_branch))"
    r"|comment\.body|review\.body|review_comment\.body|discussion\.(?:title|body)|pages\[?[^}]*page_name"
    r"|head_commit\.(?:message|author\.\w+)|commits\[?[^}]*(?:message|author)|workflow_run\.(?:head_branch|head_commit\.message))"
    r"|head_ref)\b[^}]*\}\}"
)


NUMBER_ONLY: Final = regex(r"\$\{\{\s*(?:contains|startsWith|endsWith|hashFiles)\(|==|!=")


HEAD: Final = regex(r"github\.event\.pull_request\.head\.|github\.head_ref|refs/pull/|workflow_run\.head_(sha|branch)")
