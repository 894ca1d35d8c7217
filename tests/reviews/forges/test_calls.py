"""What may happen to a call: trouble by name, addresses that are not called, and tokens that nobody sees."""

import logging
import socket
import time
from collections.abc import Callable, Iterator

import pytest
from django.utils.http import http_date
from pytest_django import Settings

from reviews.forges import calls
from reviews.forges.calls import Calls
from reviews.forges.clients import client
from reviews.forges.errors import TEXTS, ForgeError, error
from reviews.forges.tokens import bearer, parse
from reviews.models import Forge, Repository, Team
from tests.factories import RepositoryFactory
from tests.forge_server import DRIP, DROP, HANG, ForgeServer, Trouble
from tests.reviews.forges.telling import a_status
from tests.scanners.git.cast import Listener
from tests.services import free_port

pytestmark = pytest.mark.django_db

CANARY = "ghp_canaryThatNobodyMaySee0123456789"
SOON = str(int(time.time()) + 3600)  # Far enough for all the tests that run before.


def refused(repository: Repository) -> ForgeError:
    """Why a status is not set."""
    with pytest.raises(ForgeError) as found:
        client(repository, seconds=3).set_status(a_status())
    return found.value


def at(api: str) -> ForgeError:
    """Why an API is not called."""
    with pytest.raises(ForgeError) as found:
        Calls(api, bearer(parse(CANARY)), seconds=3).get("/user")
    return found.value


class TestTrouble:
    @pytest.mark.parametrize(
        ("trouble", "code", "retry", "stop"),
        [
            (Trouble(401), "forge_refused_token", False, False),
            (Trouble(403), "forge_forbidden", False, False),
            (Trouble(404), "forge_not_found", False, False),
            (Trouble(410), "forge_not_found", False, False),
            (Trouble(400), "forge_refused_content", False, False),
            (Trouble(409), "forge_refused_content", False, False),
            (Trouble(422), "forge_refused_content", False, False),
            (Trouble(301, {"Location": "http://127.0.0.1:1/"}), "forge_redirects", False, False),
            (Trouble(307, {"Location": "http://127.0.0.1:1/"}), "forge_redirects", False, False),
            (Trouble(429), "forge_rate_limited", True, True),
            (Trouble(500), "forge_failing", True, True),
            (Trouble(503, {"Retry-After": "30"}), "forge_failing", True, True),
            (Trouble(how=HANG), "forge_silent", True, True),
            (Trouble(how=DRIP), "forge_silent", True, True),
            (Trouble(how=DROP), "forge_broke_off", True, True),
            (Trouble(200, {"Content-Length": "9"}, b"{}"), "forge_broke_off", True, True),
            (Trouble(200, {}, b"<html>sign in</html>"), "forge_not_an_api", False, False),
            (Trouble(200, {}, b"[" * 200_000), "forge_not_an_api", False, False),
            (Trouble(200, {}, b" " * (calls.MOST_BYTES + 1)), "forge_answer_too_large", False, False),
        ],
    )
    def test_has_a_name_and_says_whether_to_try_again(
        self, github: ForgeServer, repository: Repository, trouble: Trouble, code: str, retry: bool, stop: bool
    ) -> None:
        github.always = trouble
        begun = time.monotonic()
        problem = refused(repository)
        assert (problem.code, problem.retry, problem.stop) == (code, retry, stop)
        assert time.monotonic() - begun < 20

    @pytest.mark.parametrize(
        ("status", "headers", "least", "most"),
        [
            (429, {"Retry-After": "120"}, 120, 120),
            (429, {"Retry-After": http_date(time.time() + 3600)}, 1_800, 3_600),
            (403, {"Retry-After": "7"}, 7, 7),
            (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": SOON}, 1_800, 3_601),
            (429, {"RateLimit-Remaining": "0", "RateLimit-Reset": SOON}, 1_800, 3_601),
            (429, {"RateLimit-Reset": "99999999999999999999"}, 86_400, 86_400),
            (429, {"Retry-After": "soon", "RateLimit-Reset": "later"}, 60, 60),
            (429, {"Retry-After": "999999999"}, 86_400, 86_400),
        ],
    )
    def test_a_forge_says_when_to_come_back(
        self, github: ForgeServer, repository: Repository, status: int, headers: dict[str, str], least: int, most: int
    ) -> None:
        github.always = Trouble(status, headers)
        problem = refused(repository)
        assert problem.code == "forge_rate_limited"
        assert problem.retry_after is not None
        assert least <= problem.retry_after <= most

    def test_a_second_limit_is_known_by_its_message(self, github: ForgeServer, repository: Repository) -> None:
        github.always = Trouble(403, {}, b'{"message": "You have exceeded a secondary rate limit."}')
        assert (refused(repository).code, refused(repository).retry_after) == ("forge_rate_limited", 60)

    def test_nobody_listens(self, repository: Repository) -> None:
        Forge.objects.update(api_url=f"http://127.0.0.1:{free_port()}/api/v3", token=CANARY)
        problem = refused(repository)
        assert (problem.code, problem.retry, problem.stop) == ("forge_unreachable", True, True)

    def test_each_text_says_what_happened_and_what_to_do(self) -> None:
        made = [error(code, status=500, said="x") for code in TEXTS]
        assert all(problem.message.endswith(".") and problem.next_step.endswith(".") for problem in made)


class TestSaid:
    @pytest.mark.parametrize(
        ("body", "said"),
        [
            (b'{"message": "Validation Failed"}', "Validation Failed"),
            (b'{"message": {"note": ["is too long"]}}', '{"note": ["is too long"]}'),
            (b'{"error": "insufficient_scope", "error_description": "needs api"}', "needs api"),
            (b'{"error": {"message": "no such key"}}', "no such key"),
            (b'{"errors": [{"message": "no such commit"}]}', "no such commit"),
            (b'{"error": "404 Not Found"}', "404 Not Found"),
            (b'{"message": "two\\r\\nlines\\u001b[31m\\u202e"}', "two lines [31m"),
            (b'{"secret": "internal"}', ""),
            (b"internal page", ""),
            (b"[1]", ""),
        ],
    )
    def test_is_the_forges_short_message_alone(
        self, github: ForgeServer, repository: Repository, body: bytes, said: str
    ) -> None:
        github.always = Trouble(422, {}, body)
        assert refused(repository).said == said

    def test_is_short(self, github: ForgeServer, repository: Repository) -> None:
        github.always = Trouble(422, {}, b'{"message": "' + b"x" * 5000 + b'"}')
        assert len(refused(repository).said) == 200


class TestAddress:
    """With the public internet alone allowed, nothing on this machine or in its network is called."""

    @pytest.fixture
    def listener(self, settings: Settings) -> Iterator[Listener]:
        settings.ALLOWED_SCHEMES, settings.ALLOWED_PRIVATE = ["https", "http"], []
        made = Listener()
        yield made
        made.close()

    @pytest.mark.parametrize(
        "host",
        [
            "127.0.0.1",
            "localhost",
            "a.localhost",
            "localhost.",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[64:ff9b::7f00:1]",
            "0.0.0.0",
            "127.1",
            "0x7f.1",
            "0177.0.0.1",
            "2130706433",
            "169.254.169.254",
            "10.0.0.1",
            "192.168.1.1",
            "[fd00::1]",
            "[fe80::1]",
            "user@127.0.0.1",
            "api.github.com@127.0.0.1",
            "127.0.0.1\\@api.github.com",
        ],
    )
    @pytest.mark.parametrize("scheme", ["http", "https"])
    def test_private_ones_are_not_called(self, listener: Listener, scheme: str, host: str) -> None:
        assert not at(f"{scheme}://{host}:{listener.port}/api/v3").retry
        assert listener.connections == 0

    @pytest.mark.parametrize(
        "api", ["ftp://api.example/", "file:///etc", "/etc", "api.example", "", "http://", "gopher://x/"]
    )
    def test_what_is_no_web_address_is_not_called(self, listener: Listener, api: str) -> None:
        assert at(api).code.startswith(("url_", "local_"))

    @pytest.mark.parametrize("port", [22, 25, 6379, 5432])
    def test_ports_of_other_services_are_not_called(self, settings: Settings, port: int) -> None:
        assert at(f"http://127.0.0.1:{port}/api/v3").code == "url_port_not_allowed"

    def test_http_is_not_called_unless_allowed(self, settings: Settings, listener: Listener) -> None:
        settings.ALLOWED_SCHEMES, settings.ALLOWED_PRIVATE = ["https"], ["127.0.0.1"]
        assert at(f"{listener.url}/api/v3").code == "url_scheme_not_allowed"
        assert listener.connections == 0

    def test_a_redirect_is_not_followed(self, github: ForgeServer, repository: Repository) -> None:
        target = Listener()
        github.always = Trouble(302, {"Location": f"{target.url}/api/v3/user"})
        assert refused(repository).code == "forge_redirects"
        assert target.connections == 0
        target.close()


class TestNames:
    """Name servers that give one answer to be checked and another one to be called."""

    @pytest.fixture
    def says(self, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Callable[[list[list[str]]], list[str]]:
        settings.ALLOWED_PRIVATE = ["127.0.0.2"]
        real, asked = socket.getaddrinfo, []

        def answer(answers: list[list[str]]) -> list[str]:
            def of(host: str, *rest: object, **more: object) -> object:
                if host != "forge.test":
                    return real(host, *rest, **more)  # type: ignore[arg-type] # passed on as it came
                asked.append(host)
                return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 0)) for ip in answers.pop(0)]

            monkeypatch.setattr(socket, "getaddrinfo", of)
            return asked

        return answer

    def test_who_changes_his_mind_reaches_nothing(self, says: Callable[[list[list[str]]], list[str]]) -> None:
        target = Listener()
        asked = says([["127.0.0.2"], ["127.0.0.1"], ["127.0.0.1"]])
        assert at(f"http://forge.test:{target.port}/api/v3").code == "forge_unreachable"
        assert (target.connections, asked) == (0, ["forge.test"])
        target.close()

    def test_one_bad_answer_of_two_is_enough(self, says: Callable[[list[list[str]]], list[str]]) -> None:
        target = Listener()
        says([["127.0.0.2", "127.0.0.1"]])
        assert at(f"http://forge.test:{target.port}/api/v3").code == "address_not_public"
        assert target.connections == 0
        target.close()


class TestToken:
    @pytest.mark.parametrize(
        "trouble",
        [
            Trouble(401, {}, f'{{"message": "Bad credentials: Bearer {CANARY}"}}'.encode()),
            Trouble(422, {}, f'{{"message": "{CANARY}"}}'.encode()),
            Trouble(302, {"Location": f"https://evil.example/{CANARY}"}),
            Trouble(500, {}, CANARY.encode()),
            Trouble(200, {}, CANARY.encode()),
            Trouble(how=HANG),
            Trouble(how=DROP),
        ],
    )
    def test_is_in_no_error_and_no_log(
        self, github: ForgeServer, repository: Repository, caplog: pytest.LogCaptureFixture, trouble: Trouble
    ) -> None:
        Forge.objects.update(token=CANARY)
        github.always = trouble
        with caplog.at_level(logging.DEBUG):
            problem = refused(repository)
        teller = client(repository)
        seen = [str(problem), repr(problem), problem.shown, caplog.text, repr(vars(teller)), repr(vars(teller.calls))]
        assert not [text for text in seen if CANARY in text]
        assert problem.__cause__ is None

    def test_malformed_or_missing_calls_nobody(self, team: Team, github: ForgeServer) -> None:
        for token, code in (("", "forge_token_missing"), ("a\r\nHost: b", "forge_token_malformed")):
            repository = RepositoryFactory(team=team, url=github.repository_url, provider="github")
            Forge.objects.create(repository=repository, token=token)
            with pytest.raises(ForgeError) as found:
                client(repository)
            assert found.value.code == code
            repository.delete()
        assert github.calls == []
