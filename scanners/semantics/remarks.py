"""Remarks in the code: what somebody has written down beside a decision."""

from collections.abc import Sequence
from typing import Final

from scanners.regex import regex

_REMARK: Final = regex(
    r"(?:^|\s)#\s*(?!noqa|type:|ty:|pragma|pylint|nosec|pyright|[A-Z]{3,5}\b|#)(?:[\w'`().,:/-]+\s+){4}"
)


def is_explained(lines: Sequence[str], first: int, last: int) -> bool:
    """Whether a remark of some words stands in the lines `first` to `last`, from 1. Orders to tools are none."""
    return any(_REMARK.search(f"{line} ") for line in lines[first - 1 : last])
