"""Requests as forges send them: headers in lower case, proved with a secret."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SECRET = "k3y-of-the-newest-hook"
FORMER = "k3y-before-the-rotation"
OTHER = "k3y-of-another-hook"


def signature(secret: str, raw: bytes, method: str = "sha256") -> str:
    """An HMAC as hexadecimal digits."""
    return hmac.new(secret.encode(), raw, method).hexdigest()


def github(secret: str, raw: bytes) -> dict[str, str]:
    """Of GitHub."""
    return {"x-hub-signature-256": f"sha256={signature(secret, raw)}"}


def bitbucket(secret: str, raw: bytes) -> dict[str, str]:
    """Of Bitbucket, Cloud and Data Center."""
    return {"x-hub-signature": f"sha256={signature(secret, raw)}"}


def gitea(secret: str, raw: bytes) -> dict[str, str]:
    """Of Gitea, with all that it sends for others' sake."""
    digest = signature(secret, raw)
    return {
        "x-gitea-signature": digest,
        "x-gogs-signature": digest,
        "x-hub-signature": f"sha1={signature(secret, raw, 'sha1')}",
        "x-hub-signature-256": f"sha256={digest}",
    }


def forgejo(secret: str, raw: bytes) -> dict[str, str]:
    """Of Forgejo alone."""
    return {"x-forgejo-signature": signature(secret, raw)}


def gogs(secret: str, raw: bytes) -> dict[str, str]:
    """Of Gogs."""
    return {"x-gogs-signature": signature(secret, raw)}


def gitlab(secret: str, raw: bytes) -> dict[str, str]:
    """Of GitLab with a secret token."""
    return {"x-gitlab-token": secret}


def standard(secret: str, raw: bytes, name: str = "msg_1", at: datetime = NOW) -> dict[str, str]:
    """Of GitLab with a signing token that is no base64."""
    time = str(int(at.timestamp()))
    digest = hmac.digest(secret.encode(), f"{name}.{time}.".encode() + raw, "sha256")
    encoded = base64.b64encode(digest).decode()
    return {"webhook-id": name, "webhook-timestamp": time, "webhook-signature": f"v1,{encoded}"}


def azure(secret: str, raw: bytes, user: str = "plimsoll") -> dict[str, str]:
    """Of Azure DevOps."""
    return {"authorization": f"Basic {base64.b64encode(f'{user}:{secret}'.encode()).decode()}"}


SENDERS: dict[str, tuple[str, Callable[[str, bytes], dict[str, str]]]] = {
    "github": ("github", github),
    "bitbucket": ("bitbucket", bitbucket),
    "bitbucket-server": ("bitbucket-server", bitbucket),
    "gitea": ("gitea", gitea),
    "forgejo": ("gitea", forgejo),
    "gogs": ("gitea", gogs),
    "gitlab": ("gitlab", gitlab),
    "gitlab-signing": ("gitlab", standard),
    "azure": ("azure", azure),
}
"""The provider of each kind of sender, and what makes its headers."""


def forgeries(kind: str, raw: bytes) -> dict[str, tuple[dict[str, str], bytes]]:
    """Requests that nobody who knows the secret would send, by what is wrong with them."""
    sender = SENDERS[kind][1]
    good = sender(SECRET, raw)
    made = {
        f"{name}: {what}": (good | {name: value}, raw)
        for name in proofs(good)
        for what, value in spoiled(good[name]).items()
    }
    # Gitea repeats itself for others: whatever is wrong with the first header must not be healed by the rest.
    made |= {
        "nothing": ({}, raw),
        "another secret": (sender(OTHER, raw), raw),
        "an empty secret": (sender("", raw), raw),
        "a blank secret": (sender(" ", raw), raw),
        "the secret and a blank": (sender(f"{SECRET} ", raw), raw),
        "half of the secret": (sender(SECRET[:11], raw), raw),
        "SHA-1 only": ({"x-hub-signature": f"sha1={signature(SECRET, raw, 'sha1')}"}, raw),
        "the header of none of them": ({"x-signature": f"sha256={signature(SECRET, raw)}"}, raw),
    }
    if kind not in ("gitlab", "azure"):
        made |= {what: (good, changed) for what, changed in changed_bodies(raw).items()}
        made["of another body"] = (sender(SECRET, b"{}"), raw)
        made["of the secret with the body as key"] = (good | dict.fromkeys(proofs(good), signature("x", b"y")), raw)
    return made


def proofs(headers: dict[str, str]) -> list[str]:
    """The headers that decide, in a request of one sender."""
    decisive = ("x-hub-signature-256", "x-forgejo-signature", "x-gitlab-token", "webhook-signature", "authorization")
    first = [name for name in ("x-gitea-signature", "x-gogs-signature", *decisive) if name in headers]
    return first[:1] or ["x-hub-signature"]


def spoiled(value: str) -> dict[str, str]:
    """A header that was right, in ways that are not."""
    flipped = {f"bit {at} from the end flipped": flip(value, -at) for at in (1, 2, 3, 5, 8, 13)}
    prefix, mark, digest = value.rpartition("=") if value.startswith("sha256=") else ("", "", value)
    return flipped | {
        "upper case": value.upper() if value.upper() != value else value.lower(),
        "one character less": value[:-1],
        "one character more": f"{value}0",
        "half of it": value[: len(value) // 2],
        "twice": value + value,
        "twice, as two headers are joined": f"{value}, {value}",
        "a blank before": f" {value}",
        "a blank after": f"{value} .",
        "a line end": f"{value}\n",
        "a NUL": f"{value}\0",
        "in quotes": f'"{value}"',
        "the prefix of another": f"sha1={digest}",
        "a prefix too much": f"sha256={value}",
        "the prefix in another case": f"Sha256={digest}",
        "no digest": f"{prefix}{mark}",
        "not ASCII": f"{value[:-1]}é",
        "full-width digits": value[:-3] + "\uff11\uff12\uff13",
        "a lone surrogate": f"{value[:-1]}\ud800",
        "zeros": prefix + mark + "0" * len(digest),
        "very long": "a" * 100_000,
        "SHA-256 without a key": f"{prefix}{mark}{hashlib.sha256(b'{}').hexdigest()}",
    }


def flip(value: str, at: int) -> str:
    """The same text with one bit of one character flipped."""
    characters = list(value)
    characters[at] = chr(ord(characters[at]) ^ 1)
    return "".join(characters)


def changed_bodies(raw: bytes) -> dict[str, bytes]:
    """A body as somebody on the way could change it."""
    return {
        "a bit of the body flipped": bytes([raw[0] ^ 1]) + raw[1:],
        "the last bit of the body flipped": raw[:-1] + bytes([raw[-1] ^ 1]),
        "a byte more in the body": raw + b" ",
        "a line end more in the body": raw + b"\n",
        "a byte less in the body": raw[:-1],
        "no body": b"",
        "a byte order mark": b"\xef\xbb\xbf" + raw,
    }
