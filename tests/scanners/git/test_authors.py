"""Who wrote what lies between two commits, from real repositories over HTTP and on this machine."""

import dataclasses
import itertools
import random
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scanners.git.address import parse_source
from scanners.git.authors import Authors, authors, people_of
from scanners.git.credential import Credential
from scanners.git.errors import SourceError
from scanners.git.policy import Policy
from tests.git_server import GitServer, Hook, Request, reply
from tests.origin import commit_files
from tests.scanners.git.cast import Origin, processes_about, wait_until
from tests.scanners.git.forged import make_object

ADA, BO = ("Ada Author", "ada@example.org"), ("Bo Builder", "bo@example.org")
CY = "Cy Coder <cy@example.org>"


class Reader:
    """Reads authors into a directory of its own for each call."""

    def __init__(self, parent: Path, policy: Policy) -> None:
        self.parent = parent
        self.policy = policy
        self.numbers = itertools.count()

    def __call__(self, url: str, commit: str, since: str = "", *, limit: int = 1000, **options: Any) -> Authors:
        token = options.pop("token", None)
        tick = options.pop("tick", lambda: None)
        rules = dataclasses.replace(self.policy, **options)
        scratch = self.parent / f"authors-{next(self.numbers)}"
        scratch.mkdir()
        credential = Credential(token) if token else None
        source = parse_source(url, rules)
        return authors(source, commit, since, scratch, policy=rules, tick=tick, credential=credential, limit=limit)

    def error(self, *arguments: Any, **options: Any) -> SourceError:
        """Read what cannot be read, and return the error."""
        with pytest.raises(SourceError) as caught:
            self(*arguments, **options)
        return caught.value


@pytest.fixture
def read(tmp_path: Path, policy: Policy) -> Reader:
    return Reader(tmp_path, policy)


@pytest.fixture(params=["http", "file"])
def url(request: pytest.FixtureRequest, server: GitServer, origin: Origin) -> str:
    """The repository, once over HTTP and once as a directory."""
    return f"{server.url}/team/pay.git" if request.param == "http" else str(origin.path)


def git(repository: Path, *arguments: str, stdin: bytes = b"") -> str:
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=True).stdout.decode().strip()


def commit(origin: Origin, number: int, **options: Any) -> str:
    return commit_files(origin.path, {f"file{number}.py": f"x = {number}\n"}, **options)


def merge(origin: Origin, *parents: str) -> str:
    who = ["-c", "user.name=Ada Author", "-c", "user.email=ada@example.org"]
    sides = [word for parent in parents for word in ("-p", parent)]
    merged = git(origin.path, *who, "commit-tree", f"{parents[0]}^{{tree}}", *sides, "-m", "Merge")
    git(origin.path, "update-ref", "refs/heads/main", merged)
    return merged


def forge(origin: Origin, *lines: bytes, message: bytes = b"x") -> str:
    """A commit on `main` whose header ends with these lines."""
    head = b"\n".join([b"tree " + git(origin.path, "rev-parse", f"{origin.head}^{{tree}}").encode(), *lines])
    made = make_object(origin.path, "commit", head + b"\n\n" + message)
    git(origin.path, "update-ref", "refs/heads/main", made)
    return made


def grow(origin: Origin, number: int, start: str = "refs/heads/main", name: str = "Dee Doer") -> str:
    """A line of commits on `main`, made at once."""
    lines = [b"reset refs/heads/main\nfrom %s\n" % git(origin.path, "rev-parse", start).encode()]
    for count in range(number):
        who = f"{name} <dee@example.org> {1800000000 + count} +0000".encode()
        lines.append(b"commit refs/heads/main\ncommitter %s\ndata 1\nx\n" % who)
    git(origin.path, "fast-import", "--quiet", "--force", stdin=b"".join(lines))
    return git(origin.path, "rev-parse", "refs/heads/main")


class TestWhoCounts:
    def test_all_of_a_history_without_a_commit_to_begin_at(self, url: str, origin: Origin, read: Reader) -> None:
        found = read(url, origin.head)
        assert found == Authors(((*ADA, 2), (*BO, 1)), complete=True)

    def test_only_what_came_since(self, url: str, origin: Origin, read: Reader) -> None:
        found = read(url, origin.head, origin.first)
        assert found == Authors(((*ADA, 1), (*BO, 1)), complete=True, since=origin.first)

    def test_nobody_when_nothing_came(self, url: str, origin: Origin, read: Reader) -> None:
        assert read(url, origin.head, origin.head) == Authors((), complete=True, since=origin.head)

    def test_those_of_a_merged_branch_that_began_earlier(self, url: str, origin: Origin, read: Reader) -> None:
        git(origin.path, "update-ref", "refs/heads/side", origin.first)
        side = commit(origin, 1, branch="side", author=CY)
        found = read(url, merge(origin, origin.head, side), origin.head)
        assert found.people == ((*ADA, 2), ("Cy Coder", "cy@example.org", 1))
        assert found.complete

    def test_co_authors_wherever_a_message_names_them(self, url: str, origin: Origin, read: Reader) -> None:
        message = f"Pay\n\nCo-authored-by: {CY}\n\nmore text\n\n  CO-AUTHORED-BY:Di <di@example.org>\r\n"
        found = read(url, commit(origin, 1, message=message), origin.head)
        assert found.people == ((*ADA, 1), ("Cy Coder", "cy@example.org", 1), ("Di", "di@example.org", 1))

    def test_a_mailmap_hides_nobody(self, url: str, origin: Origin, read: Reader) -> None:
        hiding = {".mailmap": "Someone Else <else@example.org> <ada@example.org>\n"}
        assert read(url, commit_files(origin.path, hiding), origin.head).people == ((*ADA, 1),)

    def test_a_commit_since_that_lies_on_another_line(self, url: str, origin: Origin, read: Reader) -> None:
        git(origin.path, "update-ref", "refs/heads/other", origin.first)
        other = commit(origin, 1, branch="other", author=CY)
        found = read(url, origin.head, other)
        assert found == Authors(((*ADA, 1), (*BO, 1)), complete=True, since=other)


class TestBounds:
    def test_a_history_over_the_limit_is_not_complete(self, url: str, origin: Origin, read: Reader) -> None:
        head = grow(origin, 12)
        assert read(url, head, origin.head, limit=12).complete
        cut = read(url, head, origin.head, limit=11)
        assert (cut.complete, cut.people) == (False, (("Dee Doer", "dee@example.org", 11),))

    def test_ten_thousand_commits_are_cut_at_the_newest_thousand(self, url: str, origin: Origin, read: Reader) -> None:
        found = read(url, grow(origin, 10_000))
        assert (found.people, found.complete) == ((("Dee Doer", "dee@example.org", 1000),), False)

    def test_a_long_way_back_is_gone_in_two_steps(self, server: GitServer, origin: Origin, read: Reader) -> None:
        head = grow(origin, 700)
        found = read(f"{server.url}/team/pay.git", head, origin.first)
        assert (found.people[0], found.complete) == (("Dee Doer", "dee@example.org", 700), True)
        depths = [request.body for request in server.requests if b"command=fetch" in request.body]
        assert [b"deepen 250" in body for body in depths] == [True, False]

    def test_an_old_branch_that_is_merged_late_blames_nobody_of_before(
        self, url: str, origin: Origin, read: Reader
    ) -> None:
        approved = grow(origin, 300)
        git(origin.path, "update-ref", "refs/heads/side", origin.first)
        head = merge(origin, approved, commit(origin, 1, branch="side", author=CY))
        assert read(url, head, approved).people == ((*ADA, 2), ("Cy Coder", "cy@example.org", 1))

    def test_a_commit_since_that_is_gone_lets_all_count(self, url: str, origin: Origin, read: Reader) -> None:
        assert read(url, origin.head, "0" * 40) == Authors(((*ADA, 2), (*BO, 1)), complete=True, since="")

    def test_countless_co_authors_push_nobody_out(self, url: str, origin: Origin, read: Reader) -> None:
        flood = "".join(f"Co-authored-by: P{number} <p{number}@example.org>\n" for number in range(3000))
        found = read(url, commit(origin, 1, message=f"x\n\n{flood}", author=CY), origin.head)
        assert ("Cy Coder", "cy@example.org", 1) in found.people
        assert (len(found.people), found.complete) == (1002, False)

    def test_a_reading_that_takes_too_long_is_ended(self, url: str, origin: Origin, read: Reader) -> None:
        assert read.error(url, grow(origin, 50), list_seconds=0.001).code in ("resource_limit", "remote_timeout")

    def test_a_history_over_the_cap_is_refused(self, origin: Origin, read: Reader) -> None:
        head = forge(origin, b"author A <a> 1 +0000", message=random.Random(1).randbytes(600_000))
        assert read.error(str(origin.path), head, max_bytes=300_000).code == "repository_too_large"


class TestForgedCommits:
    def test_a_gigantic_name_is_cut(self, url: str, origin: Origin, read: Reader) -> None:
        huge = b"author " + b"N" * 2_000_000 + b" <n@example.org> 1 +0000"
        found = read(url, forge(origin, huge, b"committer Ada Author <ada@example.org> 1 +0000"))
        assert sorted((len(name), email) for name, email, _ in found.people) == [
            (10, "ada@example.org"),
            (320, "n@example.org"),
        ]

    def test_co_authors_after_a_null_byte_are_seen(self, url: str, origin: Origin, read: Reader) -> None:
        lines = (b"author A <a@b.c> 1 +0000", b"committer A <a@b.c> 1 +0000")
        found = read(url, forge(origin, *lines, message=b"x\0\nCo-authored-by: " + CY.encode()))
        assert found.people == (("A", "a@b.c", 1), ("Cy Coder", "cy@example.org", 1))

    def test_a_null_byte_in_the_header_hides_nobody(self, url: str, origin: Origin, read: Reader) -> None:
        lines = (b"author A\0B <a@b.c> 1 +0000", b"committer C <c@d.e> 1 +0000")
        assert read(url, forge(origin, *lines)).people == (("AB", "a@b.c", 1), ("C", "c@d.e", 1))

    @pytest.mark.parametrize(
        "who", [b"A<a@b.c> 1 +0000", b"A <a b c> 1 +0000", b"<a@b.c> 1 +0000", b"A <a@b.c> 99999999999999999999 +0000"]
    )
    def test_old_slips_hide_nobody(self, url: str, origin: Origin, read: Reader, who: bytes) -> None:
        found = read(url, forge(origin, b"author " + who, b"committer C <c@d.e> 1 +0000"))
        assert [email for _, email, _ in found.people] in (["a@b.c", "c@d.e"], ["a b c", "c@d.e"])

    @pytest.mark.parametrize(
        ("raw", "people"),
        [
            (b"author Jos\xe9 <j@x.y> 1 +0\nencoding ISO-8859-1\n\nx", {("Jos\u00e9", "j@x.y")}),
            (b"author Jos\xc3\xa9 <j@x.y> 1 +0\nencoding rot13\n\nx", {("Jos\u00e9", "j@x.y")}),
            (b"author A\xff\xfe <j@x.y> 1 +0\n\nx", {("A\ufffd\ufffd", "j@x.y")}),
            (b"author  A \t B\xe2\x80\x8b\xe2\x80\xae <  j@x.y > 1 +0\n\nx", {("A B", "j@x.y")}),
            (b"author nobody at all\n\nx", {("nobody at all", "")}),
            (b"author A <a> 1 +0\nauthor B <b> 1 +0\n\nx", {("A", "a"), ("B", "b")}),
            (b"gpgsig x\n author Not <me> 1 +0\n\nauthor Nor <me> 1 +0", set()),
            (b"", set()),
        ],
    )
    def test_what_a_header_may_hold(self, raw: bytes, people: set[tuple[str, str]]) -> None:
        assert people_of(raw)[0] == people

    @pytest.mark.parametrize(
        ("message", "people"),
        [
            (b"Co-authored-by: A <a@b.c>", {("A", "a@b.c")}),
            (b"Co-authored-by:A<a@b.c>>\x0b", {("A", "a@b.c")}),
            (b"Co-authored-by : A", {("A", "")}),
            (b"Co-authored-by:\nco-authored-by: <>", set()),
            (b"Co-authored-by: A <a@b.c\nReviewed-by: C <c>", {("A", "a@b.c")}),
            (b"Not-Co-authored-by: A <a@b.c>\nSee co-authored-by: B <b>", set()),
            (b"Co-authored-by: " + b"<" * 100_000, {("", "<" * 320)}),
        ],
    )
    def test_what_a_trailer_may_hold(self, message: bytes, people: set[tuple[str, str]]) -> None:
        assert people_of(b"tree x\n\n" + message)[1] == people


class TestServers:
    @pytest.mark.parametrize(
        "config",
        [
            {"uploadpack.allowFilter": "false"},
            {"uploadpackfilter.tree.allow": "false"},
            {"uploadpackfilter.allow": "false"},
        ],
    )
    def test_those_that_refuse_filters_are_read_all_the_same(
        self, origin: Origin, read: Reader, config: dict[str, str]
    ) -> None:
        with GitServer(origin.root, config=config) as server:
            assert len(read(f"{server.url}/team/pay.git", origin.head, origin.first).people) == 2

    def test_files_stay_where_they_are(self, server: GitServer, origin: Origin, read: Reader, tmp_path: Path) -> None:
        read(f"{server.url}/team/pay.git", origin.head)
        packs = list(tmp_path.rglob("*.pack"))
        assert len(packs) == 1
        assert packs[0].stat().st_size < 1000

    def test_an_old_one_gives_heads_and_what_leads_to_them(self, origin: Origin, read: Reader) -> None:
        def forget_the_protocol(request: Request) -> bool:
            request.headers.pop("git-protocol", None)
            return False

        with GitServer(origin.root, hook=forget_the_protocol) as server:
            found = read(f"{server.url}/team/pay.git", origin.head, origin.first)
            assert (found.people, found.since) == (((*ADA, 1), (*BO, 1)), origin.first)

    def test_one_that_falls_silent_is_given_up(
        self, hooked: Callable[[Hook], str], origin: Origin, read: Reader
    ) -> None:
        over = threading.Event()
        url = hooked(lambda request: b"command=fetch" in request.body and over.wait(30))
        failure = read.error(url, origin.head, origin.first, fetch_seconds=1)
        over.set()
        assert (failure.code, failure.retry) == ("remote_timeout", True)
        wait_until(lambda: processes_about(url) == [])

    def test_what_the_caller_raises_ends_it(self, url: str, origin: Origin, read: Reader) -> None:
        def tick() -> None:
            raise KeyError("the lease is lost")

        with pytest.raises(KeyError, match="lease"):
            read(url, origin.head, tick=tick)

    @pytest.mark.parametrize(("status", "code"), [(401, "credential_needed"), (503, "server_error")])
    def test_its_refusals_are_named(
        self, hooked: Callable[[Hook], str], origin: Origin, read: Reader, status: int, code: str
    ) -> None:
        assert read.error(hooked(lambda request: reply(request, status)), origin.head).code == code

    def test_a_token_opens_it(self, origin: Origin, read: Reader) -> None:
        with GitServer(origin.root, token="sesame") as server:
            assert read(f"{server.url}/team/pay.git", origin.head, token="sesame").complete

    def test_a_commit_that_is_gone_is_named(self, url: str, origin: Origin, read: Reader) -> None:
        assert read.error(url, "0" * 40, origin.first).code == "commit_gone"
        assert read.error(url, "main").code == "commit_malformed"
