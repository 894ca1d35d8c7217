import libcst as cst

from scanners.fixes.arguments import last_part, renamed, without_keyword
from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot

_SWITCHES = ("verify", "verify_ssl", "verify_certs", "ssl_verify", "ssl")


class VerifyThePeer(Fix):
    """
    Takes `verify=False` (and its relatives) out of the call, so that certificates are checked again, and makes ssl
    contexts
    with `create_default_context`. Whether the other side has a certificate that passes, a person has to know.

    Not offered for SSH host keys, addresses of databases and settings of contexts.
    """

    rule = "peer-not-verified"
    bulk = False
    says = "Check the certificate of the other side."
    examples = (
        Change(
            "an option of the call",
            "import requests\n\nrequests.get(url, timeout=5, verify=False)\n"
            "requests.get(url, verify=False, timeout=5)\n",
            "import requests\n\nrequests.get(url, timeout=5)\nrequests.get(url, timeout=5)\n",
        ),
        Change(
            "a context",
            "import ssl\n\ncontext = ssl._create_unverified_context()\n",
            "import ssl\n\ncontext = ssl.create_default_context()\n",
        ),
    )
    declined = (
        Declined(
            "host keys",
            "import paramiko\n\nclient = paramiko.SSHClient()\n"
            "client.set_missing_host_key_policy(paramiko.AutoAddPolicy())\n",
            "no plain switch",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Take the switch out."""
        node = spot.node(cst.Call)
        if last_part(node.func) == "_create_unverified_context" and isinstance(node.func, cst.Attribute):
            spot.change(node, renamed("create_default_context"))
            return
        given = [arg.keyword.value for arg in node.args if arg.keyword and arg.keyword.value in _SWITCHES]
        if len(given) != 1:
            raise NotOfferedError("The check is switched off by no plain switch of the call.")
        spot.change(node, without_keyword(given[0]))
