import re

import libcst as cst

from scanners.fixes.arguments import refuse_unpacked, with_keyword
from scanners.fixes.fix import Change, Fix, NotOfferedError
from scanners.fixes.spot import Spot

_VALUES = {"secure": "True", "httponly": "True", "samesite": '"Lax"', "https_only": "True"}


class SetFlagsOfCookie(Fix):
    """
    Passes the flags that are missing: `secure=True`, `httponly=True`, `samesite="Lax"`; `https_only=True` to the
    session
    layer of Starlette. Whether a script has to read the cookie, or another site to send it, a person has to know.

    Not offered for settings, and for calls with unpacked arguments.
    """

    rule = "cookie-without-flags"
    bulk = False
    says = "Pass the flags that are missing."
    examples = (
        Change(
            "an answer of Flask",
            'from flask import Flask, make_response\n\napp = Flask(__name__)\n\n\n@app.post("/login")\ndef login():\n'
            '    answer = make_response("in")\n    answer.set_cookie("session", "x", httponly=True)\n'
            "    return answer\n",
            'from flask import Flask, make_response\n\napp = Flask(__name__)\n\n\n@app.post("/login")\ndef login():\n'
            '    answer = make_response("in")\n'
            '    answer.set_cookie("session", "x", httponly=True, secure=True, samesite="Lax")\n'
            "    return answer\n",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Add the keywords that the message names."""
        node = spot.node(cst.Call)
        refuse_unpacked(node)
        named = re.sub(r"^.* is sent without ", "", spot.message).lower()
        missing = [word for word in _VALUES if re.search(rf"\b{word}\b", named)]
        if not missing:
            raise NotOfferedError("The flags are not arguments of the call.")
        for word in missing:
            spot.change(node, with_keyword(word, spot.expression(_VALUES[word])))
