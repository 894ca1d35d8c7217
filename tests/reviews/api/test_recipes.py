"""The recipes for pipelines: the very commands that stand in them, in a shell, against a running server."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from reviews import scanning
from reviews.models import Repository, Scan
from scanners import registry
from tests.factories import RepositoryFactory
from tests.origin import commit_files
from tests.reviews.api.asking import made
from tests.reviews.rows import COMMIT, finished
from tests.reviews.running import leased
from tests.services import surroundings, wait_until
from tests.source import text

AWAY = "3" * 40
NAMED = {"github-actions.yml": "GITHUB_SHA", "gitlab-ci.yml": "CI_COMMIT_SHA", "Jenkinsfile": "GIT_COMMIT"}
SET_BY_THE_TEAM = {"PLIMSOLL_SERVER", "PLIMSOLL_REPOSITORY", "PLIMSOLL_TOKEN"}


def github(recipe: str) -> str:
    jobs = yaml.safe_load(recipe)["jobs"]
    assert set(jobs["gate"]["env"]) == SET_BY_THE_TEAM
    assert jobs["deploy"]["needs"] == "gate"
    (step,) = jobs["gate"]["steps"]
    return step["run"]


def gitlab(recipe: str) -> str:
    jobs = yaml.safe_load(recipe)
    assert jobs["deploy"]["needs"] == ["gate"]
    return "\n".join(jobs["gate"]["script"])


def jenkins(recipe: str) -> str:
    (script,) = re.findall(r"sh '''\n(.*?)'''", recipe, re.DOTALL)
    assert recipe.index("stage('Gate')") < recipe.index("stage('Deploy')")
    return script


COMMANDS = {"github-actions.yml": github, "gitlab-ci.yml": gitlab, "Jenkinsfile": jenkins}


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def start(live_server, team, owner, transactional_db):
    """Start the command of a recipe for a commit of a repository, as its CI system would."""

    def started(recipe: str, repository: Repository, commit: str, seconds: int = 4) -> subprocess.Popen[str]:
        environment = surroundings(
            PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            NO_PROXY="127.0.0.1,localhost",
            PLIMSOLL_SERVER=live_server.url,
            PLIMSOLL_REPOSITORY=str(repository.pk),
            PLIMSOLL_TOKEN=made(team, owner),
            PLIMSOLL_WAIT=str(seconds),
            **{NAMED[recipe]: commit},
        )
        shell = ["sh", "-e", "-c", COMMANDS[recipe](text(f"docs/recipes/{recipe}"))]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(shell, env=environment, text=True, **pipes)

    return started


@pytest.fixture
def pipeline(start):
    """Likewise, to its end."""
    return lambda *what: ended(start(*what))


def ended(process: subprocess.Popen[str]) -> Done:
    """How a process ended."""
    with process:
        out, error = process.communicate(timeout=120)
        return Done(process.returncode, out, error)


@pytest.mark.parametrize("recipe", NAMED)
def test_a_commit_that_may_go_out_lets_the_deployment_go_on(pipeline, team, recipe):
    repository = RepositoryFactory(team=team, name="pay", tier="C")
    finished(repository, rule_set=registry.digest(), bad=0, unresolved=0)
    done = pipeline(recipe, repository, COMMIT)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Gate of pay for 7ac01d900000: pass\n- pass: Level is gold, tier C asks for bronze." in done.stdout


@pytest.mark.parametrize("recipe", NAMED)
def test_a_commit_that_may_not_go_out_stops_it_and_says_what_to_do(pipeline, team, recipe):
    repository = RepositoryFactory(team=team, name="pay", tier="B")
    finished(repository, rule_set=registry.digest())
    done = pipeline(recipe, repository, COMMIT)
    assert (done.returncode, done.stderr) == (1, "")
    assert "- fail: Level is none, tier B asks for silver.\n  Next: Fix what is in the way: T1." in done.stdout


@pytest.mark.parametrize("recipe", NAMED)
def test_a_commit_without_a_scan_gets_one_and_stops_it_when_the_time_is_up(pipeline, team, recipe):
    repository = RepositoryFactory(team=team, name="pay")
    done = pipeline(recipe, repository, AWAY)
    assert done.returncode == 3
    asked = Scan.objects.get()
    assert (asked.wanted_commit, asked.state) == (AWAY, "requested")
    assert f"plimsoll: Asked for a scan: http://testserver/scans/{asked.pk}/" in done.stderr
    assert "- pending: No scan of this commit has finished." in done.stdout


def test_a_commit_is_scanned_while_its_pipeline_waits(start, team, origin):
    """A real repository, fetched and scanned by what a worker runs."""
    files = {"pay.py": "import requests\n\nrequests.get('https://bank.example')\n", "README.md": "# Pay\n"}
    commit = commit_files(origin, files)
    repository = RepositoryFactory(team=team, name="pay", url=str(origin))
    process = start("github-actions.yml", repository, commit, 90)
    wait_until(Scan.objects.exists)
    scanning.run(leased())
    done = ended(process)
    assert (done.returncode, Scan.objects.get().state) == (1, "done")
    assert f"Gate of pay for {commit[:12]}: fail" in done.stdout


@pytest.mark.parametrize("recipe", NAMED)
def test_a_recipe_names_every_variable_that_is_to_be_set(recipe):
    written = text(f"docs/recipes/{recipe}")
    comment = "\n".join(line for line in written.split("\n") if line.startswith(("#", "//")))
    assert [name for name in ("PLIMSOLL_IMAGE", "PLIMSOLL_SERVER", "PLIMSOLL_REPOSITORY") if name not in comment] == []
    assert "token" in comment
    assert "plm_" not in written


def test_the_guide_names_each_recipe_and_each_exit_code():
    guide = text("docs/gate.md")
    assert [recipe for recipe in NAMED if f"recipes/{recipe}" not in guide] == []
    assert re.findall(r"^\| (\d) \|", guide, re.MULTILINE) == ["0", "1", "2", "3", "4", "5"]
