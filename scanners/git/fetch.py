"""Fetches one commit into a bare store: the only module that lets git use a network."""

import contextlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from scanners.git.address import Source, parse_source, resolve
from scanners.git.blobs import BlobReader
from scanners.git.credential import Credential
from scanners.git.diagnosis import diagnose
from scanners.git.environment import clean_environment
from scanners.git.errors import SourceError, error
from scanners.git.guard import Guard
from scanners.git.names import check_commit, full_ref, is_commit
from scanners.git.policy import MIB, Policy
from scanners.git.probe import probe
from scanners.git.process import Finished, Limits, git, run
from scanners.git.waiting import wait_for

HEAD = "refs/scan/head"
# What a local repository is asked for is decided here, not by its own configuration.
LOCAL_CONFIG = """\
[safe]
    directory = *
[uploadpack]
    allowFilter = true
    allowAnySHA1InWant = true
"""
# From the least that a server may agree to send of a history to all of it.
FILTERS: tuple[list[str], ...] = (["--filter=tree:0"], ["--filter=blob:none"], [])
# Of a history only commits are read, with care, and shown as text: old slips must not hide who wrote them.
SLIPS_ALLOWED = {"fetch.fsckObjects": "false"}


@dataclass(frozen=True)
class Fetched:
    """A bare store and the one commit in it."""

    git_dir: Path
    commit: str


def fetch(
    source: Source,
    ref: str,
    scratch: Path,
    *,
    policy: Policy,
    tick: Callable[[], None],
    credential: Credential | None = None,
) -> Fetched:
    """Fetch a branch, tag, HEAD or full commit id into a store below `scratch`, an empty directory.

    `tick` is called every 0.2 s; what it raises ends the fetch. Raises SourceError.
    """
    wanted = full_ref(ref)
    with _reach(source, credential, policy, scratch, tick) as way:
        commit = _fetch_ref(way, wanted)
    if is_commit(wanted) and commit != wanted:
        raise error("not_a_commit")
    return Fetched(way.git_dir, commit)


def ls_remote(
    source: Source,
    ref: str,
    scratch: Path,
    *,
    policy: Policy,
    tick: Callable[[], None],
    credential: Credential | None = None,
) -> str:
    """Return the commit id that a branch, tag or HEAD has on the server now. Raises SourceError."""
    wanted = full_ref(ref)
    with _reach(source, credential, policy, scratch, tick) as way:
        commit = _head_of(way, wanted)
        if commit is None:
            raise _absent(way)
        return commit


def fetch_history(
    source: Source,
    commits: Sequence[str],
    scratch: Path,
    *,
    depth: int,
    policy: Policy,
    tick: Callable[[], None],
    credential: Credential | None = None,
    filters: Sequence[list[str]] = FILTERS,
) -> Path:
    """Fetch full commit ids and what leads to them, `depth` generations, into a store below `scratch`; return it.

    Commits come alone where the server can leave files out, unless other `filters` ask for more; the first that it
    knows counts. Otherwise as `fetch`. Raises SourceError.
    """
    refs = [f"+{check_commit(commit)}:refs/scan/{number}" for number, commit in enumerate(commits)]
    with _reach(source, credential, policy, scratch, tick) as reached:
        way = replace(reached, config=reached.config | SLIPS_ALLOWED)
        _make_store(way)
        for filter_ in filters:
            done = _fetch_refs(way, refs, depth, filter_)
            if done.returncode == 0:
                return way.git_dir
            # A filter that the server does not know ends the exchange without a name of its own.
            if (failure := way.failure(done)).code != "fetch_failed":
                break
        raise failure


@dataclass(frozen=True)
class _Way:
    """A checked way to one repository."""

    source: Source
    policy: Policy
    scratch: Path
    tick: Callable[[], None]
    guard: Guard | None = None
    config: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def git_dir(self) -> Path:
        return self.scratch / "store.git"

    def git(self, *arguments: str) -> Finished:
        """Run git with these arguments. Raises SourceError for anything but a broken-off or refused exchange."""
        limits = Limits(self.policy.max_memory_bytes, self.policy.max_bytes, self.policy.cpu_seconds)
        local = self.scratch / "gitconfig" if self.source.is_local else None
        environment = clean_environment(self.config, protocol=self.source.scheme, config_file=local)
        done = run(
            [git(), *arguments],
            limits,
            environment,
            seconds=self.policy.fetch_seconds,
            max_output=self.policy.max_message_bytes,
            tick=self._watch,
        )
        self._check_guard()
        if done.returncode != 0 and shutil.disk_usage(self.scratch).free < self.policy.min_free_bytes:
            raise error("disk_full")
        return done

    def failure(self, done: Finished) -> SourceError:
        return diagnose(done, limit_mib=self.policy.max_bytes // MIB)

    def _watch(self) -> None:
        self.tick()
        self._check_guard()
        if _size(self.scratch) > self.policy.max_bytes:
            raise self._too_large()

    def _check_guard(self) -> None:
        if self.guard and self.guard.refused:
            raise error("server_points_elsewhere")
        if self.guard and self.guard.exceeded:
            raise self._too_large()

    def _too_large(self) -> SourceError:
        return error("repository_too_large", limit_mib=self.policy.max_bytes // MIB)


@contextlib.contextmanager
def _reach(
    source: Source, credential: Credential | None, policy: Policy, scratch: Path, tick: Callable[[], None]
) -> Iterator[_Way]:
    # Checked again: the policy may have changed, and rows may have been written past the form.
    checked = parse_source(source.url, policy)
    if shutil.disk_usage(scratch).free < policy.min_free_bytes:
        raise error("disk_full")
    if checked.is_local:
        (scratch / "gitconfig").write_text(LOCAL_CONFIG, encoding="utf-8")
        yield _Way(checked, policy, scratch, tick)
        return
    addresses = wait_for(lambda: resolve(checked, policy), seconds=policy.connect_seconds, tick=tick, late="dns_failed")
    with Guard(
        checked.host,
        checked.port,
        addresses,
        max_bytes=2 * policy.max_bytes,
        connect_seconds=policy.connect_seconds,
    ) as guard:
        wait_for(
            lambda: probe(checked, guard, credential, policy),
            seconds=policy.probe_seconds,
            tick=tick,
            late="remote_timeout",
        )
        config = _network_config(checked, credential, policy, guard, addresses)
        yield _Way(checked, policy, scratch, tick, guard, config)


def _network_config(
    source: Source, credential: Credential | None, policy: Policy, guard: Guard, addresses: tuple[str, ...]
) -> dict[str, str]:
    config = {"http.proxy": guard.url}
    if source.host not in addresses:
        config["http.curloptResolve"] = f"{source.host}:{source.port}:{addresses[0]}"
    if credential:
        config[f"http.{source.url}.extraHeader"] = f"Authorization: {credential.header}"
    if policy.ca_file:
        config["http.sslCAInfo"] = str(policy.ca_file)
    return config


def _make_store(way: _Way) -> None:
    made = way.git("init", "--quiet", "--bare", "--template=", str(way.git_dir))
    if made.returncode != 0:
        raise way.failure(made)


def _fetch_refs(way: _Way, refs: Sequence[str], depth: int, filter_: Sequence[str]) -> Finished:
    plain_config = (way.git_dir / "config").read_bytes()
    options = ["--quiet", f"--depth={depth}", "--no-tags", "--no-recurse-submodules", "--no-auto-maintenance"]
    options += ["--no-write-fetch-head", *filter_]
    done = way.git(f"--git-dir={way.git_dir}", "fetch", *options, "--", way.source.url, *refs)
    # A filtered fetch notes the server as one to ask for the rest. Without the note, what is left out is just missing.
    (way.git_dir / "config").write_bytes(plain_config)
    return done


def _fetch_ref(way: _Way, ref: str) -> str:
    _make_store(way)
    done = _fetch_refs(way, [f"+{ref}:{HEAD}"], 1, [f"--filter=blob:limit={way.policy.max_blob_bytes}"])
    if done.returncode != 0:
        failure = way.failure(done)
        raise _absent(way) if failure.code == "branch_not_found" else failure
    with BlobReader(way.git_dir) as reader:
        found = reader.info(f"{HEAD}^{{commit}}")
    if found is None:
        raise error("not_a_commit")
    return found.sha


def _head_of(way: _Way, ref: str) -> str | None:
    done = way.git("ls-remote", "--quiet", "--", way.source.url, ref, f"{ref}^{{}}")
    if done.returncode != 0:
        raise way.failure(done)
    lines = [line.partition("\t") for line in done.stdout.decode("utf-8", "replace").splitlines()]
    heads = {name: commit for commit, _, name in lines}
    # An annotated tag has an id of its own; the peeled line names the commit.
    commit = heads.get(f"{ref}^{{}}", heads.get(ref))
    return commit if commit and is_commit(commit) else None


def _absent(way: _Way) -> SourceError:
    return error("branch_not_found" if _head_of(way, "HEAD") else "empty_repository")


def _size(directory: Path) -> int:
    total = 0
    for path in directory.rglob("*"):
        with contextlib.suppress(FileNotFoundError):  # git renames its temporary files
            total += path.lstat().st_size
    return total
