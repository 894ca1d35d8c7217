"""Keys that the embedded default makes for itself, and what a signing key looks like."""

import base64
import os
from pathlib import Path

ED25519_BYTES = 32


def check_ed25519(text: str) -> str:
    """`text` when it is 32 bytes in base64, in its URL-safe alphabet or the plain one. Raises ValueError."""
    try:
        raw = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except ValueError as error:
        raise ValueError("it is not base64") from error
    if len(raw) != ED25519_BYTES:
        raise ValueError(f"it has {len(raw)} bytes, not {ED25519_BYTES}")
    return text


def stored_key(path: Path, fresh: str) -> str:
    """The key in the file `path`; when there is none, `fresh` is stored there first, readable by this user only.

    Two processes that start at once agree on one key. Raises OSError when the file can be neither read nor made.
    """
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(fresh)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()
