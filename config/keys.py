"""Keys that the embedded default makes for itself."""

import os
from pathlib import Path


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
