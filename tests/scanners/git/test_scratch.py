import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scanners.git.scratch import remove_stale, scratch_dir

DAY = 24 * 3600


def test_a_scratch_directory_lives_as_long_as_its_block(tmp_path: Path) -> None:
    with scratch_dir(tmp_path / "deep" / "scratch") as path:
        (path / "pack").write_bytes(b"x")
        assert path.stat().st_mode & 0o777 == 0o700
    assert list((tmp_path / "deep" / "scratch").iterdir()) == []


def test_it_is_removed_after_an_error_too(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError), scratch_dir(tmp_path) as path:
        path.write_bytes(b"x")
    assert list(tmp_path.iterdir()) == []


def left_by_the_dead(parent: Path) -> Path:
    program = (
        "import os, sys; from pathlib import Path; from scanners.git.scratch import scratch_dir;"
        "kept = scratch_dir(Path(sys.argv[1])); path = kept.__enter__();"
        "(path / 'pack').touch(); print(path, flush=True); os._exit(9)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(parent)], capture_output=True, check=False)
    return Path(done.stdout.decode().strip())


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    left = left_by_the_dead(tmp_path)
    assert (left / "pack").exists()
    with scratch_dir(tmp_path) as alive:
        assert remove_stale(tmp_path, DAY) == [left]
        assert list(tmp_path.iterdir()) == [alive]


def test_what_another_host_left_is_removed_by_age(tmp_path: Path) -> None:
    other = left_by_the_dead(tmp_path)
    other = other.rename(tmp_path / "fetch-other.host-1-abc")
    assert remove_stale(tmp_path, DAY) == []
    os.utime(other, (time.time() - 2 * DAY,) * 2)
    assert remove_stale(tmp_path, DAY) == [other]


def test_a_process_that_was_given_the_id_of_a_dead_one_keeps_nothing(tmp_path: Path) -> None:
    left = left_by_the_dead(tmp_path)
    dead = left.name.split("-")[-2]
    left = left.rename(left.with_name(left.name.replace(f"-{dead}-", f"-{os.getpid()}-")))
    assert remove_stale(tmp_path, DAY) == []
    os.utime(left, (time.time() - 60,) * 2)
    with scratch_dir(tmp_path) as held:
        os.utime(held, (time.time() - 60,) * 2)
        assert remove_stale(tmp_path, DAY) == [left]
        assert held.exists()


def test_a_recycled_process_id_does_not_keep_it_for_ever(tmp_path: Path) -> None:
    with scratch_dir(tmp_path) as path:
        os.utime(path, (time.time() - 2 * DAY,) * 2)
        assert remove_stale(tmp_path, DAY) == [path]


def test_what_others_keep_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "fetch-notes").mkdir()
    (tmp_path / "db.sqlite3").touch()
    assert remove_stale(tmp_path, 0) == []
    assert remove_stale(tmp_path / "absent", 0) == []
