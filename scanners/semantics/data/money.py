"""Which names of fields hold money, and which only look so: rates, shares and counts."""

import re
from typing import Final

from scanners.regex import regex

_MONEY: Final = regex(
    r"(^|_)(price|prices|salary|wage|fee|fees|revenue|subtotal|msrp|payment|payout|refund|deposit|surcharge|tariff|"
    r"invoice_total|order_total|grand_total|total_price|total_amount|total_cost|net_amount|gross_amount|tax_amount|discount_amount|"
    r"unit_price|list_price|sale_price|cost_price|account_balance|wallet|vat_amount|shipping_cost|amount_paid|amount_due|"
    r"price_(usd|eur|gbp|net|gross|total|paid|min|max)|(usd|eur|gbp)_amount|amount_(usd|eur|gbp)|budget|income|expense|debit)$"
)
_PERHAPS: Final = regex(r"(^|_)(amount|cost|balance|total|credit|debt|tax|discount|charge|spend|bid|value_usd)$")
_RATIO: Final = regex(
    r"(rate|ratio|percent|percentage|pct|factor|share|fraction|multiplier|score|weight|index|change|delta|avg|average|mean|std|"
    r"volatility|elasticity|predicted|forecast|estimate|per_|energy|fuel|power|path_|compute|cpu|gpu|time|distance|search|edge|"
    r"water|heat|dose)"
)
_COMMERCE: Final = regex(
    r"\b(currency|invoice|price|payment|order|billing|wallet|salary|expense|account|transaction|checkout|cart|purchase|refund|"
    r"customer|loan|bank|payroll)\w*\b",
    re.IGNORECASE,
)


def is_money(name: str, around: str) -> bool:
    """Whether a field of this name holds money; `around` is the class it stands in, which settles words like amount."""
    name = name.lower()
    if _RATIO.search(name):
        return False
    return _MONEY.search(name) is not None or (
        _PERHAPS.search(name) is not None and _COMMERCE.search(around) is not None
    )
