import libcst as cst

from scanners.fixes.arguments import refuse_unpacked, with_keyword
from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot


class SayNotForSecurity(Fix):
    """
    Passes `usedforsecurity=False` to a hash of hashlib that looks harmless, which keeps it working where the
    algorithm is
    switched off. That it protects nothing is for a person to say.

    Not offered for hashes that guard something: another algorithm changes what is stored and compared.
    """

    rule = "weak-hash"
    bulk = False
    says = "Say that the hash protects nothing."
    examples = (
        Change(
            "an etag",
            "import hashlib\n\n\ndef etag(text):\n    return hashlib.md5(text.encode()).hexdigest()\n",
            "import hashlib\n\n\ndef etag(text):\n"
            "    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()\n",
        ),
    )
    declined = (
        Declined(
            "a password",
            "import hashlib\n\n\ndef keep(password):\n    return hashlib.sha256(password.encode()).hexdigest()\n",
            "changes what is stored",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Add the keyword."""
        node = spot.node(cst.Call)
        if not spot.call.dotted.startswith("hashlib.") or "looks harmless" not in spot.message:
            raise NotOfferedError("Another algorithm changes what is stored and compared: that is a decision.")
        refuse_unpacked(node)
        spot.change(node, with_keyword("usedforsecurity", spot.expression("False")))
