"""
Reads the scripts of the demo's reviews: TOML files that tell step by step who does what.

    [[step]]
    do = "claim"                # an act: see `reviews.demo.acts`
    by = "Ruth Adler"           # `by`, `review` and `round` stay as in the step before until another is named
    review = "3.1.0"            # the title of the review; all else is what the act asks for
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SCRIPTS = Path(__file__).with_name("scripts")
_STAYS = ("by", "review", "round")


@dataclass(frozen=True, slots=True)
class Step:
    """What one person does once."""

    do: str
    by: str
    review: str
    round: int
    says: Mapping[str, Any]


def read(name: str) -> tuple[Step, ...]:
    """The steps for a repository, in their order; none where nothing is told. Raises tomllib.TOMLDecodeError."""
    source = _SCRIPTS / f"{name}.toml"
    return parse(source.read_text(encoding="utf-8")) if source.exists() else ()


def parse(text: str) -> tuple[Step, ...]:
    """The steps of a script. Raises tomllib.TOMLDecodeError, and KeyError for a step without an act."""
    steps: list[Step] = []
    stays: dict[str, Any] = {"by": "", "review": "", "round": 1}
    for said in tomllib.loads(text).get("step", []):
        if said.get("review", stays["review"]) != stays["review"]:
            stays["round"] = 1
        stays |= {name: said[name] for name in _STAYS if name in said}
        rest = {name: value for name, value in said.items() if name not in (*_STAYS, "do")}
        steps.append(Step(said["do"], **stays, says=rest))
    return tuple(steps)
