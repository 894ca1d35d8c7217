"""What can be said about the images and services without starting them."""

import re
import sys

import pytest
import yaml

from config import env
from reviews.management.commands import up

COMPOSE = (env.BASE_DIR / "docker-compose.yml").read_text(encoding="utf-8")
DOCKERFILE = (env.BASE_DIR / "Dockerfile").read_text(encoding="utf-8")
SERVICES = yaml.safe_load(COMPOSE)["services"]


def test_the_services_run_what_up_runs():
    python = [sys.executable, "-m"]
    named = {"web": up.WEB, "worker": up.WORKER, "errands": up.ERRANDS, "beat": up.BEAT}
    assert {name: python + SERVICES[name]["command"] for name in named} == named


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_has_a_limit_a_restart_policy_and_time_to_stop(name):
    assert {"mem_limit", "restart", "stop_grace_period"} <= SERVICES[name].keys()


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_says_how_its_health_is_asked_or_that_it_is_not(name):
    healthy_by_image = {"web"}
    assert "healthcheck" in SERVICES[name] or name in healthy_by_image


@pytest.mark.parametrize("name", SERVICES)
def test_commands_are_run_without_a_shell(name):
    assert isinstance(SERVICES[name].get("command", []), list)


def test_secrets_are_required_and_none_is_written_down():
    required = set(re.findall(r"\$\{([A-Z_]+):\?", COMPOSE))
    ours = {"PLIMSOLL_SECRET_KEY", "PLIMSOLL_FIELD_KEYS", "PLIMSOLL_SIGNING_KEY"}
    assert required == {"POSTGRES_PASSWORD"} | ours


def test_images_are_pinned_to_an_exact_version():
    base = re.findall(r"^ARG PYTHON_IMAGE=(\S+)", DOCKERFILE, re.M)
    images = [SERVICES["postgres"]["image"], SERVICES["redis"]["image"], *base]
    assert [image for image in images if not re.search(r":\d+\.\d+(\.\d+)?-", image)] == []
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.M)) == {"${PYTHON_IMAGE}"}
    assert len(base) == 1


def test_the_image_runs_as_nobody_in_particular_and_knows_its_health():
    final = DOCKERFILE.split("\nFROM ")[-1]
    assert "\nUSER 10001:10001\n" in final
    assert "\nHEALTHCHECK " in final
    assert final.rstrip().splitlines()[-1].startswith('CMD ["')


def test_the_image_holds_what_the_lock_file_names_and_no_test_tools():
    syncs = re.findall(r"uv sync [^\\\n]*", DOCKERFILE)
    assert [sync for sync in syncs if not {"--locked", "--no-dev"} <= set(sync.split())] == []
    assert syncs
