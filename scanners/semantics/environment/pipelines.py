"""Steps of pipelines (GitHub, GitLab, Azure), each with what it runs and when."""

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from scanners.regex import regex
from scanners.text import TextFile
from scanners.yamltree import Yaml

_KEYWORDS: Final = frozenset(
    "stages variables include default workflow image services cache before_script after_script pages".split()
)
_MAIN: Final = regex(
    r"^(refs/heads/)?(main|master|develop|dev|trunk|release\S*|stable\S*|v?\d\S*|production|staging|gh-pages)$"
)


class Step(NamedTuple):
    """One step. `review` is whether it runs before a change is merged; `ignored` whether its failure is not minded;
    `uses` is the foreign action; `node` is the step itself."""

    job: str
    line: int
    script: str
    script_line: int
    uses: str
    review: bool
    ignored: bool
    node: Yaml


def provider(text: TextFile) -> str:
    """Whose pipeline the file is: github, gitlab, azure, or "" for none."""
    first = text.yaml[0] if text.yaml else Yaml()
    if first.get("jobs").is_map and first.get("on"):
        return "github"
    if any(value.get("script") or value.get("extends") for _, value in first.items()):
        return "gitlab"
    staged = any(item.get("stage") for item in first.get("stages").each())
    return "azure" if staged or first.get("steps").is_list or first.get("jobs").is_list else ""


def steps(text: TextFile) -> list[Step]:
    """The steps of a pipeline file in order; none for a file of another shape."""
    readers: dict[str, Callable[[Yaml], Iterator[Step]]] = {"github": _github, "gitlab": _gitlab, "azure": _azure}
    reader = readers.get(provider(text))
    return list(reader(text.yaml[0])) if reader else []


def triggers(document: Yaml) -> dict[str, Yaml]:
    """The events that a GitHub workflow runs on, with what narrows them."""
    on = document.get("on")
    return dict(on.items()) if on.is_map else {name: Yaml() for name in on.texts()}


def _github(document: Yaml) -> Iterator[Step]:
    review = any(_is_review(name, event) for name, event in triggers(document).items())
    for name, job in document.get("jobs").items():
        loose = job.get("continue-on-error").text == "true"
        if job.get("uses"):
            yield Step(name, job.get("uses").line, "", 1, job.get("uses").text, review, loose, job)
        for step in job.get("steps").each():
            run, uses = step.get("run"), step.get("uses")
            ignored = loose or step.get("continue-on-error").text == "true"
            line = (uses or run or step).line
            yield Step(name, line, run.text, run.block_line, uses.text, review and not _never(job), ignored, step)


def _never(job: Yaml) -> bool:
    condition = job.get("if").text.strip("${} ")
    return condition == "false" or bool(
        re.search(r"event_name\s*(==\s*'(push|schedule|release)'|!=\s*'pull_request')", condition)
    )


def _is_review(name: str, event: Yaml) -> bool:
    if name in ("pull_request", "pull_request_target", "merge_group", "workflow_call"):
        return True
    branches = event.get("branches").texts()
    if name != "push" or (event.get("tags") and not branches):
        return False
    return any("*" in branch and "/" not in branch for branch in branches) if branches else True


def _gitlab(document: Yaml) -> Iterator[Step]:
    for name, job in document.items():
        if name in _KEYWORDS - {"pages"} or not job.is_map:
            continue
        only = job.get("only").texts() or job.get("only", "refs").texts()
        narrow = bool(only) and all(_MAIN.match(ref) or ref in ("tags", "schedules", "web") for ref in only)
        ignored = job.get("allow_failure").text == "true"
        for key in ("before_script", "script", "after_script"):
            for line in _flat(job.get(key)):
                yield Step(name, line.line, line.text, line.block_line, "", not narrow, ignored, job)


def _flat(node: Yaml) -> Iterator[Yaml]:
    if node.text:
        yield node
    for item in node.each():
        yield from _flat(item)


def _azure(node: Yaml, job: str = "", review: bool = True, depth: int = 8) -> Iterator[Step]:
    review = review and node.get("pr").text != "none"
    for key in ("stages", "jobs", "steps"):
        for item in node.get(key).each() if depth else ():
            if key != "steps":
                yield from _azure(item, (item.get("job") or item.get("stage")).text or job, review, depth - 1)
                continue
            ignored = item.get("continueOnError").text == "true"
            run = item.get("script") or item.get("bash") or item.get("pwsh") or item.get("inputs", "script")
            yield Step(job, (run or item).line, run.text, run.block_line, "", review, ignored, item)
