import sys
import threading
from collections.abc import Callable

import pytest

from scanners.git.environment import clean_environment
from scanners.git.errors import SourceError
from scanners.git.process import Finished, Limits, run
from tests.scanners.git.cast import MIB, processes_about, wait_until

ROOMY = Limits(memory=2048 * MIB, file_size=MIB, cpu=20)


def python(
    program: str, *, limits: Limits = ROOMY, seconds: float = 20, tick: Callable[[], None] = lambda: None
) -> Finished:
    command = [sys.executable, "-I", "-S", "-c", program]
    return run(command, limits, clean_environment(), seconds=seconds, max_output=MIB, tick=tick)


def test_output_and_messages_are_kept_apart() -> None:
    done = python("import sys; print('out'); sys.stderr.write('\\x1b[31merr\\x07\\r\\x9b\\n'); sys.exit(3)")
    assert done == Finished(3, b"out\n", "[31merr\n")


def test_only_the_end_of_the_messages_is_kept() -> None:
    done = python("import sys; sys.stderr.write('a' * 500_000 + 'the end')")
    assert done.stderr.endswith("a" * 1000 + "the end")
    assert len(done.stderr) == 64 * 1024


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_flood_is_cut_off(stream: str) -> None:
    with pytest.raises(SourceError, match="server_floods"):
        python(f"import sys\nwhile True: sys.{stream}.write('x' * 65536)")


MARK = "plimsoll-child"
TREE = """
import subprocess, sys, time
for _ in range(2):
    subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)', 'plimsoll' + '-child'])
time.sleep(60)
"""


def test_a_late_command_is_ended_with_all_that_it_started() -> None:
    with pytest.raises(SourceError, match="remote_timeout"):
        python(TREE, seconds=1.5)
    wait_until(lambda: processes_about(MARK) == [])


def test_an_error_of_the_caller_ends_the_tree() -> None:
    def tick() -> None:
        assert len(processes_about(MARK)) < 2, "all are there"

    with pytest.raises(AssertionError, match="all are there"):
        python(TREE, tick=tick)
    wait_until(lambda: processes_about(MARK) == [])


def test_the_caller_is_asked_at_least_twice_a_second() -> None:
    beats: list[None] = []
    python("import time; time.sleep(1)", tick=lambda: beats.append(None))
    assert len(beats) >= 4


@pytest.mark.parametrize(
    ("program", "limits"),
    [
        ("x = bytearray(900 * 2**20)", Limits(memory=512 * MIB, file_size=MIB, cpu=20)),
        ("while True: pass", Limits(memory=2048 * MIB, file_size=MIB, cpu=1)),
        (
            "f = open('{path}', 'wb', 0); [f.write(bytes(2**19)) for _ in range(3)]",
            ROOMY,
        ),
        ("f = [open('/dev/null') for _ in range(400)]", ROOMY),
    ],
)
def test_limits_hold(program: str, limits: Limits, tmp_path: object) -> None:
    assert python(program.format(path=f"{tmp_path}/file"), limits=limits).returncode != 0


def test_nothing_of_our_environment_is_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "canary")
    done = python("import os; print(sorted(os.environ))")
    assert b"DATABASE_URL" not in done.stdout
    assert b"GIT_TERMINAL_PROMPT" in done.stdout


def test_commands_run_side_by_side() -> None:
    results: list[Finished] = []
    threads = [threading.Thread(target=lambda: results.append(python("print(1)"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [done.stdout for done in results] == [b"1\n"] * 4
