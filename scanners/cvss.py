"""
How grave a published fault is: the base score of a CVSS 3 vector, and the four words that people use for it.

    base_score("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H")     # 9.8, None for what is no such vector
    rating(9.8)                                                    # "critical"

The formula is that of the specification of CVSS 3.1, section 7.1; CVSS 4 has no formula but a table, and is not read.
"""

from typing import Final

_WEIGHTS: Final[dict[str, dict[str, float]]] = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
    "AC": {"L": 0.77, "H": 0.44},
    "PR": {"N": 0.85, "L": 0.62, "H": 0.27},
    "UI": {"N": 0.85, "R": 0.62},
    "C": {"H": 0.56, "L": 0.22, "N": 0.0},
    "I": {"H": 0.56, "L": 0.22, "N": 0.0},
    "A": {"H": 0.56, "L": 0.22, "N": 0.0},
}
_PRIVILEGED: Final = {"N": 0.85, "L": 0.68, "H": 0.5}
"""The weights of needed privileges where the fault reaches beyond its own component."""
_RATINGS: Final = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.1, "low"))
WORDS: Final = {"critical": "critical", "high": "high", "moderate": "medium", "medium": "medium", "low": "low"}
"""The words that databases use, as ours."""


def base_score(vector: str) -> float | None:
    """The base score of a vector of CVSS 3.0 or 3.1, None for anything else."""
    parts = dict(part.split(":", 1) for part in vector.strip().split("/")[1:] if ":" in part)
    try:
        weight = {name: weights[parts[name]] for name, weights in _WEIGHTS.items()}
        wide = {"U": False, "C": True}[parts["S"]]
    except KeyError:
        return None
    if not vector.startswith(("CVSS:3.0/", "CVSS:3.1/")):
        return None
    privileges = _PRIVILEGED[parts["PR"]] if wide else weight["PR"]
    lost = 1 - (1 - weight["C"]) * (1 - weight["I"]) * (1 - weight["A"])
    impact = 7.52 * (lost - 0.029) - 3.25 * (lost - 0.02) ** 15 if wide else 6.42 * lost
    if impact <= 0:
        return 0.0
    ease = 8.22 * weight["AV"] * weight["AC"] * privileges * weight["UI"]
    return _round_up(min(1.08 * (impact + ease) if wide else impact + ease, 10))


def _round_up(score: float) -> float:
    """To the next tenth, over what floating point adds."""
    whole = round(score * 100_000)
    return whole / 100_000 if whole % 10_000 == 0 else (whole // 10_000 + 1) / 10


def rating(score: float) -> str:
    """The word for a score; empty for none at all."""
    return next((word for least, word in _RATINGS if score >= least), "")
