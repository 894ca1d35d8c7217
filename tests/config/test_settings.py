import subprocess
import sys

import pytest
from cryptography.fernet import Fernet

from config import env
from tests.services import surroundings

PRODUCTION = {
    "PLIMSOLL_BASE_URL": "https://plimsoll.example.org",
    "PLIMSOLL_TRUSTED_PROXIES": "1",
    "PLIMSOLL_SECRET_KEY": "c9f3ab7e1d5840269bd0ea374165fc82a7d91e06b35f48c2a71e",
    "PLIMSOLL_FIELD_KEYS": Fernet.generate_key().decode(),
    "PLIMSOLL_SIGNING_KEY": Fernet.generate_key().decode(),
    "DATABASE_URL": "postgresql://plimsoll:secret@127.0.0.1:9/plimsoll",
    "REDIS_URL": "redis://127.0.0.1:9/0",
}


def manage(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command,
        env=surroundings(**variables),
        cwd=env.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_djangos_deployment_checks_find_nothing(tmp_path):
    done = manage("check", "--deploy", "--fail-level", "WARNING", PLIMSOLL_DATA=str(tmp_path), **PRODUCTION)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_change_of_a_model_has_its_migration(tmp_path):
    done = manage("makemigrations", "--check", "--dry-run", PLIMSOLL_DATA=str(tmp_path))
    assert (done.returncode, done.stdout) == (0, "No changes detected\n")


def test_a_bad_value_stops_every_command_with_code_2_and_one_line(tmp_path):
    done = manage("check", PLIMSOLL_DATA=str(tmp_path), PORT="abc")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("plimsoll: PORT: ")


@pytest.fixture
def sign_in_page(client, db):
    return client.get("/accounts/login/")


def test_nothing_inline_and_nothing_foreign_may_run(sign_in_page):
    policy = sign_in_page.headers["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert "unsafe" not in policy
    assert set(rules.values()) == {"'self'", "'none'"}
    assert {name for name, value in rules.items() if value == "'none'"} == {
        "default-src",
        "base-uri",
        "frame-ancestors",
    }
    assert {"script-src", "style-src", "img-src", "font-src", "connect-src", "form-action"} <= set(rules)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ],
)
def test_pages_say_how_they_may_be_used(sign_in_page, header, value):
    assert sign_in_page.headers[header] == value


def test_a_foreign_host_name_is_refused(client, db):
    assert client.get("/accounts/login/", headers={"host": "evil.example"}).status_code == 400
