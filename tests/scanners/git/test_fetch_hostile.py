"""Servers and repositories that mean harm, once git itself is talking to them."""

import base64
import dataclasses
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scanners.git.errors import SourceError
from scanners.git.policy import Policy
from scanners.git.store import Store
from tests.git_server import GitServer, Hook, Request, reply
from tests.origin import commit_files
from tests.scanners.git.cast import (
    MIB,
    Fetcher,
    Listener,
    Origin,
    command_lines,
    processes_about,
    wait_until,
)
from tests.scanners.git.forged import delta_bomb, make_object, nested, packet, point_main_at

Hooked = Callable[[Hook], str]
RESULT = {"Content-Type": "application/x-git-upload-pack-result"}


def when_git_asks(act: Callable[[Request], bool]) -> Hook:
    """Answer as a good server does until git asks for the objects, then act."""
    return lambda request: b"command=fetch" in request.body and act(request)


def begin(request: Request) -> None:
    request.handler.send_response(200)
    request.handler.send_header(*next(iter(RESULT.items())))
    request.handler.end_headers()


def reset_midway(request: Request) -> bool:
    begin(request)
    request.handler.wfile.write(packet(b"packfile\n") + packet(b"\1PACK\0\0\0\2\0\0\0\5"))
    request.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    request.handler.connection.close()
    return True


def flood_with(data: bytes) -> Callable[[Request], bool]:
    def flood(request: Request) -> bool:
        begin(request)
        request.handler.wfile.write(packet(b"packfile\n"))
        while True:  # until the other side breaks off
            request.handler.wfile.write(packet(data) * 16)

    return flood


def send_half_a_pack(request: Request) -> bool:
    begin(request)
    request.handler.wfile.write(packet(b"packfile\n") + packet(b"\1PACK\0\0\0\2\0\0\0\5") + b"0000")
    return True


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (reset_midway, "remote_reset"),
        (send_half_a_pack, "remote_reset"),
        (lambda request: reply(request, 200, {"Content-Type": "text/html"}, b"<h1>Sign in</h1>"), "not_a_repository"),
        (lambda request: reply(request, 200, RESULT, b"zzzz nonsense"), "not_a_repository"),
        (lambda request: reply(request, 401), "credential_refused"),
        (lambda request: reply(request, 403), "access_denied"),
        (lambda request: reply(request, 404), "repository_not_found"),
        (lambda request: reply(request, 429), "rate_limited"),
        (lambda request: reply(request, 500), "server_error"),
        (lambda request: reply(request, 200, RESULT, packet(b"ERR access denied or whatever")), "fetch_failed"),
        (flood_with(b"\2\x1b[2Kworking\n" * 1000), "server_floods"),
    ],
)
def test_a_server_that_turns_hostile_is_named(
    hooked: Hooked, fetcher: Fetcher, act: Callable[[Request], bool], code: str
) -> None:
    failure = fetcher.error(hooked(when_git_asks(act)))
    assert failure.code == code
    assert "\x1b" not in str(failure)


@pytest.fixture
def silent(hooked: Hooked) -> Iterator[tuple[str, threading.Event]]:
    """A server that falls silent when git asks for the objects, and the event that it has been asked."""
    asked, over = threading.Event(), threading.Event()

    def wait(request: Request) -> bool:
        asked.set()
        return over.wait(30)

    yield hooked(when_git_asks(wait)), asked
    over.set()


def test_a_server_that_falls_silent_is_given_up(silent: tuple[str, threading.Event], fetcher: Fetcher) -> None:
    failure = fetcher.error(silent[0], fetch_seconds=1)
    assert (failure.code, failure.retry) == ("remote_timeout", True)
    wait_until(lambda: processes_about(silent[0]) == [])


def test_what_the_caller_raises_while_waiting_ends_the_fetch(
    silent: tuple[str, threading.Event], fetcher: Fetcher
) -> None:
    def tick() -> None:
        assert not silent[1].is_set(), "the lease is lost"

    with pytest.raises(AssertionError, match="the lease is lost"):
        fetcher(silent[0], tick=tick)
    wait_until(lambda: processes_about(silent[0]) == [])


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_late_redirect_is_not_followed(hooked: Hooked, fetcher: Fetcher, listener: Listener, status: int) -> None:
    url = hooked(when_git_asks(lambda request: reply(request, status, {"Location": f"{listener.url}/x"})))
    assert fetcher.error(url, token="sesame").code in ("server_redirects", "server_points_elsewhere")
    assert listener.connections == 0


def test_a_pack_at_another_place_is_not_fetched(origin: Origin, fetcher: Fetcher, listener: Listener) -> None:
    elsewhere = packet(b"packfile-uris\n") + packet(f"{'0' * 40} {listener.url}/evil.pack\n".encode()) + b"0001"

    def point_elsewhere(request: Request) -> bool:
        status, headers, body = server.backend(request)
        begins = packet(b"packfile\n")
        return reply(request, status, headers, body.replace(begins, elsewhere + begins))

    with GitServer(origin.root, hook=when_git_asks(point_elsewhere)) as server:
        failure = fetcher.error(f"{server.url}/team/pay.git")
    assert failure.code == "server_points_elsewhere"
    assert listener.connections == 0


def test_a_delta_that_unfolds_to_gigabytes_hits_the_memory_limit(hooked: Hooked, fetcher: Fetcher) -> None:
    def send(request: Request) -> bool:
        return reply(request, 200, RESULT, packet(b"packfile\n") + packet(b"\1" + delta_bomb()) + b"0000")

    failure = fetcher.error(hooked(when_git_asks(send)), max_memory_bytes=600 * MIB)
    assert failure.code == "resource_limit"


@pytest.fixture
def plain_server(origin: Origin) -> Iterator[GitServer]:
    """A server that ignores filters."""
    with GitServer(origin.root, config={"uploadpack.allowFilter": "false"}) as running:
        yield running


def test_a_repository_over_the_cap_is_refused(plain_server: GitServer, origin: Origin, fetcher: Fetcher) -> None:
    commit_files(origin.path, {"noise.bin": os.urandom(3 * MIB)})
    assert fetcher.error(f"{plain_server.url}/team/pay.git", max_bytes=MIB).code == "repository_too_large"
    assert fetcher(f"{plain_server.url}/team/pay.git", max_bytes=8 * MIB).commit


def test_a_blob_of_zeros_is_listed_and_not_read(plain_server: GitServer, origin: Origin, fetcher: Fetcher) -> None:
    commit_files(origin.path, {"zeros.py": bytes(64 * MIB)})
    done = fetcher(f"{plain_server.url}/team/pay.git")
    with Store(done.git_dir) as store:
        zeros = next(entry for entry in store.entries(done.commit) if entry.path == "zeros.py")
        assert zeros.size == 64 * MIB
        assert store.read(zeros.sha) is None


def test_a_full_disk_is_named(server: GitServer, fetcher: Fetcher) -> None:
    failure = fetcher.error(f"{server.url}/team/pay.git", min_free_bytes=2**60)
    assert (failure.code, failure.who, failure.retry) == ("disk_full", "operator", True)


@pytest.mark.parametrize("name", [".git", "..", ".", ".GIT", "git~1", "a/../b"])
def test_a_tree_with_a_harmful_name_is_refused(server: GitServer, origin: Origin, fetcher: Fetcher, name: str) -> None:
    blob = make_object(origin.path, "blob", b"#!/bin/sh\n")
    tree = make_object(origin.path, "tree", b"100755 %s\0" % name.encode() + bytes.fromhex(blob))
    point_main_at(origin.path, tree)
    assert fetcher.error(f"{server.url}/team/pay.git").code == "malformed_repository"


def test_a_tree_of_ten_thousand_million_files_is_cut_short(
    server: GitServer, origin: Origin, fetcher: Fetcher, policy: Policy
) -> None:
    blob = make_object(origin.path, "blob", b"x = 1\n")
    point_main_at(origin.path, nested(origin.path, blob, b"100644", 10, 10))
    done = fetcher(f"{server.url}/team/pay.git")
    with Store(done.git_dir, policy) as store, pytest.raises(SourceError, match="too_many_files"):
        list(store.entries(done.commit))


def test_a_tree_of_countless_empty_directories_is_stopped_by_the_clock(
    server: GitServer, origin: Origin, fetcher: Fetcher, policy: Policy
) -> None:
    empty = make_object(origin.path, "tree", b"")
    point_main_at(origin.path, nested(origin.path, empty, b"40000", 2, 40))
    done = fetcher(f"{server.url}/team/pay.git")
    quick = dataclasses.replace(policy, list_seconds=0.5)
    with Store(done.git_dir, quick) as store, pytest.raises(SourceError, match="listing_too_slow"):
        list(store.entries(done.commit))
    wait_until(lambda: processes_about(str(done.git_dir)) == [])


TOKEN = "canary-5ecret-t0ken"


def test_a_token_is_in_no_argument_no_file_and_no_error(origin: Origin, fetcher: Fetcher) -> None:
    seen: list[str] = []

    def look_around(request: Request) -> bool:
        seen.extend(command_lines().values())
        return False

    with GitServer(origin.root, token=TOKEN, hook=look_around) as server:
        url = f"{server.url}/team/pay.git"
        fetcher(url, token=TOKEN)
        failures = [fetcher.error(url, "absent", token=TOKEN), fetcher.error(url, token=f"{TOKEN}-no")]
    encoded = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()[:30]
    assert any("git-remote-http" in line for line in seen)
    told = [*seen, *map(repr, failures), *(path.read_bytes().decode("latin-1") for path in files_below(fetcher.parent))]
    assert [text for text in told if TOKEN in text or encoded in text] == []


def files_below(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


def test_nothing_of_the_machine_s_configuration_runs(
    hooked: Hooked,
    server: GitServer,
    fetcher: Fetcher,
    listener: Listener,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = booby_trap(tmp_path / "home", canary := tmp_path / "canary")
    for name in ("HOME", "GIT_TEMPLATE_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    for name in ("GIT_ASKPASS", "SSH_ASKPASS", "GIT_PROXY_COMMAND", "GIT_SSH_COMMAND", "GIT_EXTERNAL_DIFF"):
        monkeypatch.setenv(name, str(program))
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, listener.url)
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    assert fetcher(f"{server.url}/team/pay.git").commit
    late = hooked(when_git_asks(lambda request: reply(request, 401, {"WWW-Authenticate": "Basic"})))
    assert fetcher.error(late).code == "credential_refused"
    assert not canary.exists()
    assert listener.connections == 0


def booby_trap(home: Path, canary: Path) -> Path:
    """A home directory whose git configuration runs a program at every occasion."""
    program = home / "hooks" / "reference-transaction"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\ntouch {canary}\n")
    program.chmod(0o755)
    config = f"[core]\nhooksPath={program.parent}\naskPass={program}\nfsmonitor={program}\n"
    config += f"[init]\ntemplateDir={home}\n[credential]\nhelper={program}\n"
    (home / ".gitconfig").write_text(config)
    return program


PARENT = """
import os
from pathlib import Path
from scanners.git.address import parse_source
from scanners.git.fetch import fetch
from scanners.git.errors import SourceError
from scanners.git.policy import Policy
from scanners.git.store import Store
policy = Policy(allowed_schemes=frozenset({"http"}), allowed_private=("127.0.0.1",))
source = parse_source(os.environ["SOURCE"], policy)
fetch(source, "main", Path(os.environ["SCRATCH"]), policy=policy, tick=lambda: None)
"""


@pytest.mark.parametrize("programs", [["git", "unshare"], ["git"]], ids=["in a namespace", "without unshare"])
def test_no_git_process_survives_the_kill_of_its_parent(
    silent: tuple[str, threading.Event], tmp_path: Path, programs: list[str]
) -> None:
    for program in programs:
        (tmp_path / program).symlink_to(str(shutil.which(program)))
    environment = os.environ | {"SOURCE": silent[0], "SCRATCH": str(tmp_path), "PATH": str(tmp_path)}
    parent = subprocess.Popen([sys.executable, "-c", PARENT], env=environment)
    wait_until(silent[1].is_set)
    assert len(processes_about(silent[0])) >= 2
    parent.kill()
    parent.wait()
    wait_until(lambda: processes_about(silent[0]) == [])
