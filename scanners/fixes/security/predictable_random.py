from typing import Final

import libcst as cst

from scanners.fixes.arguments import renamed
from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot

_SAME: Final = {"choice": "choice", "getrandbits": "randbits", "randbytes": "token_bytes"}
"""Functions of random that secrets has under a name of its own, with the same arguments."""


class DrawFromTheSystem(Fix):
    """
    Draws from the system's generator: `secrets.choice`, `secrets.randbits`, `secrets.token_bytes`, or the same
    method of
    `secrets.SystemRandom()`, which takes the same arguments; `uuid4` for `uuid1`.

    Not offered for numpy and for a generator of its own, which others may draw from as well.
    """

    rule = "predictable-random"
    says = "Draw from the generator of the operating system."
    examples = (
        Change(
            "functions of random",
            "import random\nimport string\n\n\ndef make():\n"
            '    token = "".join(random.choice(string.hexdigits) for _ in range(32))\n'
            "    pin = random.randint(1000, 9999)\n    return token, pin\n",
            "import secrets\nimport string\n\n\ndef make():\n"
            '    token = "".join(secrets.choice(string.hexdigits) for _ in range(32))\n'
            "    pin = secrets.SystemRandom().randint(1000, 9999)\n    return token, pin\n",
        ),
        Change(
            "uuid1",
            "import uuid\n\n\ndef start():\n    session_id = uuid.uuid1().hex\n    return session_id\n",
            "import uuid\n\n\ndef start():\n    session_id = uuid.uuid4().hex\n    return session_id\n",
        ),
    )
    declined = (
        Declined(
            "numpy",
            "import numpy\n\n\ndef make():\n    token = numpy.random.bytes(16)\n    return token\n",
            "no other generator",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Call the other generator with the same arguments."""
        dotted, node = spot.call.dotted, spot.node(cst.Call)
        module, _, name = dotted.rpartition(".")
        if dotted == "uuid.uuid1" and not node.args and isinstance(node.func, cst.Attribute):
            spot.change(node, renamed("uuid4"))
        elif module == "random":
            secrets = spot.imported("secrets")
            spot.unneeded("random", "" if isinstance(node.func, cst.Attribute) else name)
            text = f"{secrets}.{_SAME[name]}" if name in _SAME else f"{secrets}.SystemRandom().{name}"
            func = spot.expression(text)
            spot.change(node, lambda now: now.with_changes(func=func))
        else:
            raise NotOfferedError("There is no other generator that takes the same arguments.")
