"""Reads a bare store: commits through GitPython, lists of files and blobs through git itself. Checks nothing out."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from git import Commit, GitCmdObjectDB, Repo

from scanners.git.blobs import BlobReader
from scanners.git.environment import clean_environment
from scanners.git.errors import error
from scanners.git.folders import Folder, changed, gathered
from scanners.git.listing import Entry, list_records, list_tree
from scanners.git.names import check_commit, check_sub_path
from scanners.git.policy import MIB, Policy

MAX_COMMIT_BYTES = MIB
MAX_NAME = 200
MAX_SUBJECT = 500


@dataclass(frozen=True)
class CommitInfo:
    """Who made a commit, when (an aware time), and its tree. Texts are cut and hold no NUL."""

    sha: str
    tree: str
    author_name: str
    author_email: str
    authored_at: datetime
    subject: str


class Store:
    """A bare store on this machine. Use it as a context manager and from one thread."""

    def __init__(self, git_dir: Path, policy: Policy | None = None) -> None:
        self._git_dir = git_dir
        self._policy = policy or Policy()
        self._reader = BlobReader(git_dir, self._policy.max_blob_bytes)
        self._repo = Repo(git_dir, odbt=GitCmdObjectDB, expand_vars=False)
        self._repo.git.update_environment(**clean_environment(), GIT_DIR=str(git_dir))

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def commit(self, sha: str) -> CommitInfo:
        """Read a commit by its full id. Raises SourceError commit_malformed, not_a_commit, malformed_repository."""
        found = self._reader.info(check_commit(sha))
        if found is None or found.kind != "commit":
            raise error("not_a_commit")
        if found.size > MAX_COMMIT_BYTES:
            raise error("malformed_repository")
        try:
            return _info(self._repo.commit(sha))
        except (ValueError, LookupError):
            raise error("malformed_repository") from None

    def entries(self, commit: str, sub_path: str = "") -> Iterator[Entry]:
        """Yield the files of a commit below a sub-path. Raises SourceError sub_path_not_found, too_many_files, ..."""
        return list_tree(self._git_dir, self._root(commit, sub_path), self._policy)

    def folder(self, commit: str, sub_path: str = "", known: Folder | None = None) -> Folder:
        """The same by folders, of which those are not read again that are as in `known`, of this store or another.

        Raises as `entries` does.
        """
        root = self._root(commit, sub_path)
        found = changed(known, root, self._reader, self._policy) if known is not None else None
        return found or gathered(root, list_records(self._git_dir, root, self._policy))

    def _root(self, commit: str, sub_path: str) -> str:
        directory = check_sub_path(sub_path)
        found = self._reader.info(f"{check_commit(commit)}^{{tree}}" if not directory else f"{commit}:{directory}")
        if found is None:
            raise error("sub_path_not_found" if directory else "not_a_commit")
        if found.kind != "tree":
            raise error("sub_path_not_a_directory")
        return found.sha

    def read(self, sha: str) -> bytes | None:
        """Return a blob's bytes; None when it is larger than the policy's `max_blob_bytes`, in the store or not."""
        return self._reader.read(sha)

    def close(self) -> None:
        """End the git processes behind this store."""
        self._reader.close()
        self._repo.close()


def _info(commit: Commit) -> CommitInfo:
    return CommitInfo(
        sha=commit.hexsha,
        tree=commit.tree.hexsha,
        author_name=clean(commit.author.name, MAX_NAME),
        author_email=clean(commit.author.email, MAX_NAME),
        authored_at=moment(commit.authored_date),
        subject=clean(commit.summary, MAX_SUBJECT),
    )


def clean(text: str | bytes | None, limit: int) -> str:
    """Text of a commit as it can be kept and shown: without NUL and halves of characters, cut at `limit`."""
    plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else text or ""
    return plain.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")[:limit]


def moment(seconds: int) -> datetime:
    """Seconds since 1970 as a time; what no calendar has is 1970 itself."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)
