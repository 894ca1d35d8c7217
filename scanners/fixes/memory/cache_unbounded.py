from typing import Final

import libcst as cst

from scanners.fixes.arguments import last_part, with_keyword, without_position
from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot

_ENTRIES: Final = "1024"


class BoundTheCache(Fix):
    """
    Gives the cache a size of 1024 entries: `lru_cache(maxsize=1024)`. How many answers are worth keeping, a person
    knows
    better.

    Not offered for dicts that serve as caches.
    """

    rule = "cache-unbounded"
    bulk = False
    says = "Limit the cache to 1024 entries."
    examples = (
        Change(
            "lru_cache without a size, and cache",
            "import functools\nfrom functools import lru_cache\n\n\n@functools.cache\ndef rate(user_id: str):\n"
            "    return ask(user_id)\n\n\n"
            "@lru_cache(maxsize=None)\ndef price(name: str):\n    return ask(name)\n",
            "import functools\nfrom functools import lru_cache\n\n\n@functools.lru_cache(maxsize=1024)\n"
            "def rate(user_id: str):\n"
            "    return ask(user_id)\n\n\n@lru_cache(maxsize=1024)\ndef price(name: str):\n    return ask(name)\n",
            path="shop/rates.py",
        ),
        Change(
            "cache by name, which is no longer needed then",
            "from functools import cache\n\n\n@cache\ndef rate(user_id: str):\n    return ask(user_id)\n",
            "from functools import lru_cache\n\n\n@lru_cache(maxsize=1024)\ndef rate(user_id: str):\n"
            "    return ask(user_id)\n",
            path="shop/rates.py",
        ),
    )
    declined = (
        Declined(
            "a dict",
            "_cache = {}\n\n\ndef rate(user_id):\n    if user_id not in _cache:\n"
            "        _cache[user_id] = ask(user_id)\n"
            "    return _cache[user_id]\n",
            "no decorator",
            path="shop/rates.py",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Pass a size to the decorator that has none."""
        function = spot.node(cst.FunctionDef) if hasattr(spot.place.node, "decorator_list") else None
        marks = [mark.decorator for mark in function.decorators] if function else []
        calls = [mark for mark in marks if isinstance(mark, cst.Call) and last_part(mark.func) == "lru_cache"]
        bare = [mark for mark in marks if last_part(mark) == "cache"]
        if calls:
            spot.change(calls[0], without_position(0))
            spot.change(calls[0], with_keyword("maxsize", spot.expression(_ENTRIES)))
        elif bare and isinstance(bare[0], cst.Attribute):
            text = f"{spot.code(bare[0].value)}.lru_cache(maxsize={_ENTRIES})"
            spot.change(bare[0], lambda _: spot.expression(text))
        elif bare:
            text = f"{spot.imported('functools', 'lru_cache')}(maxsize={_ENTRIES})"
            spot.unneeded("functools", "cache")
            spot.change(bare[0], lambda _: spot.expression(text))
        else:
            raise NotOfferedError("The cache is no decorator that takes a size.")
