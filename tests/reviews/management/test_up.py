"""`manage.py up` as people start it: real servers, one start for the tests that leave it running."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from config.env import BASE_DIR
from tests.processes import below, gone
from tests.services import free_port, surroundings, wait_until

QUICK = {"PLIMSOLL_STOP_SECONDS": "3", "PLIMSOLL_WEB_PROCESSES": "1", "PLIMSOLL_SCAN_CONCURRENCY": "1"}


class Up:
    """The running command: its process, its address and what it has said."""

    def __init__(self, data: Path, port: int) -> None:
        self.data = data
        self.environment = surroundings(PLIMSOLL_DATA=str(data), PORT=str(port), **QUICK)
        self.url = f"http://127.0.0.1:{port}"
        self.log = data.with_suffix(".log")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"], env=self.environment, stdout=log, cwd=BASE_DIR
            )

    def said(self, text: str) -> list[str]:
        return re.findall(text, self.log.read_text(encoding="utf-8"), re.MULTILINE)

    def worker(self, queue: str) -> psutil.Process:
        return below(self.process.pid, f"worker --without-gossip --without-mingle --queues {queue}")[0]

    def has_workers(self) -> bool:
        return {"celery", "errands"} <= set(self.said("(celery|errands)@.* ready"))

    def complaint_of_another(self, **variables: str) -> str:
        command = [sys.executable, "manage.py", "up"]
        done = subprocess.run(
            command,
            env=self.environment | variables,
            cwd=BASE_DIR,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 1
        return done.stderr


@contextmanager
def running(data: Path) -> Iterator[Up]:
    up = Up(data, free_port())
    try:
        wait_until(lambda: up.said(f"^Open {up.url}/$") and up.has_workers())
        yield up
    finally:
        up.process.terminate()
        up.process.wait(120)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with running(tmp_path_factory.mktemp("up") / "data") as up:
        yield up


def test_it_answers_once_it_says_where_to_open_it(up):
    assert httpx.get(f"{up.url}/healthz").json()["status"] == "ready"
    assert httpx.get(f"{up.url}/accounts/login/").status_code == 200


def test_static_files_are_served_compressed_and_for_ever(up):
    page = httpx.get(f"{up.url}/accounts/login/").text
    style = httpx.get(up.url + re.findall(r'href="(/static/[^"]+\.css)"', page)[0])
    assert style.headers["content-encoding"] == "gzip"
    assert "immutable" in style.headers["cache-control"]


def test_the_password_that_it_shows_once_signs_the_admin_in(up):
    (password,) = up.said(r"^Sign in as admin, password: (\S+)$")
    with httpx.Client(base_url=up.url, follow_redirects=True) as client:
        page = client.get("/accounts/login/").text
        token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[0]
        form = {"login": "admin", "password": password, "csrfmiddlewaretoken": token}
        client.post("/accounts/login/", data=form, headers={"Origin": up.url})
        assert client.cookies["plimsoll_session"]


def test_a_second_one_on_the_same_data_is_refused(up):
    complaint = up.complaint_of_another(PORT=str(free_port()))
    assert complaint.startswith("CommandError: Plimsoll already runs on ")
    assert complaint.count("\n") == 1


def test_a_port_that_is_taken_is_named_with_what_to_do(up, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        complaint = up.complaint_of_another(PORT=str(port), PLIMSOLL_DATA=str(tmp_path / "other"))
    assert complaint == (
        f"CommandError: Port {port} is taken by another program. Choose another one, such as: make run PORT=8001\n"
    )


@pytest.mark.parametrize("queue", ["scans", "errands"])
def test_a_killed_worker_is_started_again(up, queue):
    first = up.worker(queue)
    first.kill()
    wait_until(lambda: gone([first]) and below(up.process.pid, f"--queues {queue}")[1:])
    assert up.worker(queue) != first
    assert httpx.get(f"{up.url}/healthz").status_code == 200


def test_a_killed_command_leaves_nothing_and_a_second_start_no_second_admin(up):
    everything = below(up.process.pid)
    up.process.kill()
    wait_until(lambda: gone(everything))
    with running(up.data) as second:
        everything = below(second.process.pid)
        assert not second.said("password")
        second.process.terminate()
        assert second.process.wait(30) == 0
        assert gone(everything)
