import io
import re
import stat
from contextlib import redirect_stderr
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from config import env
from tests.services import OURS

EXAMPLE = env.BASE_DIR / ".env.example"
POSTGRESQL = "postgresql://plimsoll:secret@db/plimsoll"


@pytest.fixture
def set_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A function that makes the given variables the only ones of ours; PLIMSOLL_DATA is a new directory."""
    for name in list(env.os.environ):
        if name.startswith(OURS):
            monkeypatch.delenv(name)

    def set_variables(**variables: str) -> None:
        for name, value in {"PLIMSOLL_DATA": str(tmp_path / "data"), **variables}.items():
            monkeypatch.setenv(name, value)

    return set_variables


def problems() -> list[str]:
    """The lines that loading a bad environment prints."""
    out = io.StringIO()
    with pytest.raises(SystemExit) as end, redirect_stderr(out):
        env.load()
    assert end.value.code == 2
    return out.getvalue().splitlines()


def test_nothing_set_is_the_embedded_default(set_environment, tmp_path):
    set_environment()
    loaded = env.load()
    assert loaded.database_url == f"sqlite:///{tmp_path}/data/plimsoll.sqlite3"
    assert loaded.redis_url == ""
    assert loaded.base_url == "http://127.0.0.1:8000"
    assert loaded.local_roots == [tmp_path / "data" / "demo"]
    assert loaded.allowed_schemes == ["https"]
    assert loaded.allowed_private == []


def test_the_base_url_follows_the_port(set_environment):
    set_environment(PORT="8123")
    assert env.load().base_url == "http://127.0.0.1:8123"


def test_the_data_directory_is_for_this_user_only(set_environment, tmp_path):
    set_environment()
    env.load()
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_keys_are_made_once_and_kept(set_environment, tmp_path):
    set_environment()
    first, second = env.load(), env.load()
    assert first.secret_key == second.secret_key
    assert first.field_keys == second.field_keys
    assert first.signing_key == second.signing_key
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").glob("*.key")}
    assert modes == {0o600}


def test_keys_are_required_with_a_database_server(set_environment):
    set_environment(DATABASE_URL=POSTGRESQL)
    secret, field, signing = problems()
    assert secret.startswith(
        "plimsoll: PLIMSOLL_SECRET_KEY: it is required with this DATABASE_URL. Set it to 50 random"
    )
    assert field.startswith(
        "plimsoll: PLIMSOLL_FIELD_KEYS: it is required with this DATABASE_URL. Set it to one or more"
    )
    assert signing.startswith(
        "plimsoll: PLIMSOLL_SIGNING_KEY: it is required with this DATABASE_URL. Set it to 32 random"
    )


def test_a_database_server_with_keys_is_fine(set_environment):
    keys = f"{Fernet.generate_key().decode()}, {Fernet.generate_key().decode()}"
    secrets = {"PLIMSOLL_SECRET_KEY": "x" * 50, "PLIMSOLL_FIELD_KEYS": keys, "PLIMSOLL_SIGNING_KEY": keys[:44]}
    set_environment(DATABASE_URL=POSTGRESQL, **secrets)
    assert len(env.load().field_keys) == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "abc"),
        ("PORT", "70000"),
        ("DATABASE_URL", "mysql://host/name"),
        ("DATABASE_URL", "postgresql://host"),
        ("REDIS_URL", "amqp://host"),
        ("PLIMSOLL_DATA", "/dev/null/data"),
        ("PLIMSOLL_SECRET_KEY", "short"),
        ("PLIMSOLL_FIELD_KEYS", "not-a-key"),
        ("PLIMSOLL_SIGNING_KEY", "not-a-key"),
        ("PLIMSOLL_SIGNING_KEY", "c2hvcnQ="),
        ("PLIMSOLL_FORMER_SIGNERS", "not-a-key"),
        ("PLIMSOLL_BASE_URL", "plimsoll.example.org"),
        ("PLIMSOLL_BASE_URL", "https://plimsoll.example.org/below"),
        ("PLIMSOLL_ALLOWED_SCHEMES", "https,git"),
        ("PLIMSOLL_ALLOWED_PRIVATE", "10.0.0.0/99"),
        ("PLIMSOLL_HEARTBEAT_SECONDS", "31"),
        ("PLIMSOLL_LEASE_SECONDS", "0"),
        ("PLIMSOLL_SCAN_CONCURRENCY", "0"),
        ("PLIMSOLL_LOG_LEVEL", "LOUD"),
        ("PLIMSOLL_LOG_FORMAT", "xml"),
        ("PLIMSOLL_DEBUG", "perhaps"),
    ],
)
def test_a_bad_value_is_one_line_that_names_the_variable_and_what_to_do(set_environment, name, value):
    set_environment(**{name: value})
    lines = problems()
    assert [line.split(": ")[1] for line in lines if line.split(": ")[1] == name] == [name]
    assert re.search(r"\. Set it to [^.].*\.$", lines[0])


def test_each_bad_value_gets_its_own_line(set_environment):
    set_environment(PORT="abc", PLIMSOLL_LOG_FORMAT="xml")
    assert [line.split(": ")[1] for line in problems()] == ["PORT", "PLIMSOLL_LOG_FORMAT"]


def test_bad_values_are_not_shown_because_some_are_secret(set_environment):
    set_environment(PLIMSOLL_SECRET_KEY="hunter2", PLIMSOLL_FIELD_KEYS="hunter2", PLIMSOLL_SIGNING_KEY="hunter2")
    assert "hunter2" not in "".join(problems())


def test_https_needs_a_proxy_that_ends_tls(set_environment):
    set_environment(PLIMSOLL_BASE_URL="https://plimsoll.example.org")
    assert problems()[0].startswith("plimsoll: PLIMSOLL_TRUSTED_PROXIES: PLIMSOLL_BASE_URL is https")


def test_debug_refuses_a_public_site(set_environment):
    set_environment(PLIMSOLL_BASE_URL="http://plimsoll.example.org", PLIMSOLL_DEBUG="true")
    assert problems()[0].startswith("plimsoll: PLIMSOLL_DEBUG: debug pages show secrets")


def test_an_unknown_variable_is_named_with_the_nearest_known_one(set_environment, capsys):
    set_environment(PLIMSOLL_DATE="x", PLIMSOLL_ZEBRA="x")
    env.load()
    assert capsys.readouterr().err.splitlines() == [
        "plimsoll: PLIMSOLL_DATE is not a known variable and has no effect; did you mean PLIMSOLL_DATA?",
        "plimsoll: PLIMSOLL_ZEBRA is not a known variable and has no effect.",
    ]


def test_an_empty_variable_is_an_absent_one(set_environment):
    set_environment(PORT="", PLIMSOLL_LOCAL_ROOTS="")
    assert env.load().port == 8000


def test_lists_are_split_at_commas(set_environment):
    set_environment(
        PLIMSOLL_ALLOWED_PRIVATE="git.intern.example, 10.1.2.3/16,fd00::/8", PLIMSOLL_LOCAL_ROOTS="/srv/a b,/srv/c"
    )
    loaded = env.load()
    assert loaded.allowed_private == ["git.intern.example", "10.1.0.0/16", "fd00::/8"]
    assert loaded.local_roots == [Path("/srv/a b"), Path("/srv/c")]


def test_every_variable_is_in_the_example_and_every_variable_of_the_example_exists():
    named = re.findall(r"^#? ?([A-Z][A-Z_]+)=", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(named) == sorted([*env.variables(), "POSTGRES_PASSWORD", "POSTGRES_IMAGE", "REDIS_IMAGE"])


def test_only_env_reads_the_environment():
    # Entry points set where Django finds its settings; that writes, and reads nothing of ours.
    sources = [path for folder in ("config", "reviews") for path in (env.BASE_DIR / folder).rglob("*.py")]
    reading = re.compile(r"os\.(getenv|environ(?!\.setdefault\(\"DJANGO_SETTINGS_MODULE\"))")
    found = {
        str(path.relative_to(env.BASE_DIR)) for path in sources if reading.search(path.read_text(encoding="utf-8"))
    }
    # Which variable holds a token is said with the command: an argument with the token itself could be read by others.
    assert found == {"config/env.py", "reviews/management/commands/register_repository.py"}
