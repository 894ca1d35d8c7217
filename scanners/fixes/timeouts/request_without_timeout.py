from typing import Final

import libcst as cst

from scanners.fixes.arguments import last_part, refuse_unpacked, with_keyword
from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot

# A connection attempt is repeated after three seconds (TCP), so the first limit is a little over that.
_REQUESTS: Final = "(3.05, 10)"
_SECONDS: Final = "10"
_LAST_BEFORE_TIMEOUT: Final = 2
_NO_KEYWORDS: Final = ("run_in_executor", "Thread", "call_later", "call_soon")


class AddTimeoutToRequest(Fix):
    """
    Passes a timeout to the call: `(3.05, 10)` seconds to connect and to wait for bytes with requests, 10 seconds with
    other clients. A `None` that stands there is replaced.

    Not offered for calls with unpacked arguments, which may hold a timeout already, and for functions that are handed
    to something which takes no keywords for them.
    """

    rule = "request-without-timeout"
    fact = "suspect-client"
    says = "Pass a timeout to the call."
    examples = (
        Change(
            "requests, on one line and on several",
            "import requests\n\nsession = requests.Session()\nrequests.get(url)\nsession.post(\n"
            "    url,\n    json={},\n)\n",
            "import requests\n\nsession = requests.Session()\nrequests.get(url, timeout=(3.05, 10))\nsession.post(\n"
            "    url,\n    json={},\n    timeout=(3.05, 10),\n)\n",
        ),
        Change(
            "urllib, and a call handed to a thread",
            "import asyncio, requests\nfrom urllib.request import urlopen\nasync def read(url):\n    urlopen(url)\n"
            "    await asyncio.to_thread(requests.get, url)\n",
            "import asyncio, requests\nfrom urllib.request import urlopen\nasync def read(url):\n"
            "    urlopen(url, timeout=10)\n    await asyncio.to_thread(requests.get, url, timeout=(3.05, 10))\n",
        ),
        Change(
            "told to wait for ever",
            "import aiohttp, httpx\nclient = httpx.Client(timeout=None)\nlimit = aiohttp.ClientTimeout(total=None)\n",
            "import aiohttp, httpx\nclient = httpx.Client(timeout=10)\nlimit = aiohttp.ClientTimeout(total=10)\n",
        ),
    )
    declined = (
        Declined(
            "no keywords go through",
            "import requests\nasync def read(loop, url):\n    await loop.run_in_executor(None, requests.get, url)\n",
            "takes no keywords",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Add the keyword, or give it another value."""
        client, node = spot.call.dotted, spot.node(cst.Call)
        refuse_unpacked(node)
        taker = last_part(node.func)
        if taker in _NO_KEYWORDS:
            raise NotOfferedError(f"{taker} takes no keywords for the function that it is given.")
        positional = sum(arg.keyword is None for arg in node.args)
        if client.startswith(("urllib.", "http.")) and positional > _LAST_BEFORE_TIMEOUT and taker != "to_thread":
            raise NotOfferedError("A timeout may be among the arguments that are passed by position.")
        keyword = "total" if client == "aiohttp.ClientTimeout" else "timeout"
        spot.change(node, with_keyword(keyword, spot.expression(self._value(client, spot))))

    def _value(self, client: str, spot: Spot) -> str:
        if client.startswith("requests."):
            return _REQUESTS
        if client.startswith("aiohttp.") and client != "aiohttp.ClientTimeout":
            return f"{spot.imported('aiohttp')}.ClientTimeout(total={_SECONDS})"
        return _SECONDS
