"""
Made-up advisories about made-up packages, dated the day the demo is made, so that its services can be judged at all.

They say nothing about packages that exist: with real data, `manage.py load_advisories` is the way. Where real data were
loaded before, the demo leaves them alone.
"""

import json
from pathlib import Path

from django.conf import settings

from reviews.advisories.loading import load, newest
from reviews.advisories.settling import settle
from reviews.waived import today

# (id, package, first fixed version, what it does)
_FAULTS = (
    ("DEMO-2026-1", "harbour-tiles", "1.5.0", "A map tile of a chosen size stops the process that draws it."),
    ("DEMO-2026-2", "harbour-rope", "0.9.0", "A knot of a chosen depth runs whatever it holds."),
)


def publish() -> bool:
    """Load the made-up advisories, dated today. Returns whether that was done."""
    place = Path(settings.DATA_DIR) / "demo" / "advisories"
    known = newest()
    if known is not None and Path(known.source) != place:
        return False
    place.mkdir(parents=True, exist_ok=True)
    for ident, package, fixed, summary in _FAULTS:
        record = _record(ident, package, fixed, summary)
        (place / f"{ident}.json").write_text(json.dumps(record), encoding="utf-8")
    load(str(place))
    settle()
    return True


def _record(ident: str, package: str, fixed: str, summary: str) -> dict[str, object]:
    events = [{"introduced": "0"}, {"fixed": fixed}]
    named = {"package": {"ecosystem": "PyPI", "name": package}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
    modified = f"{today()}T00:00:00Z"
    return {"id": ident, "modified": modified, "summary": f"Made up: {summary}", "affected": [named]}
