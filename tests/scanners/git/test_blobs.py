import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scanners.git.blobs import BlobReader
from scanners.git.errors import SourceError
from tests.origin import commit_files
from tests.scanners.git.cast import Origin, processes_about, wait_until


def id_of(repository: Path, name: str) -> str:
    command = ["git", "-C", str(repository), "rev-parse", name]
    return subprocess.run(command, capture_output=True, check=True).stdout.decode().strip()


@pytest.mark.parametrize("content", [b"", b"\n", b"x = 1\n", b"\0\xff missing\n", b"a" * 200_000, "ü\r\n".encode()])
def test_a_blob_is_read_byte_for_byte(origin: Origin, content: bytes) -> None:
    commit_files(origin.path, {"data": content})
    with BlobReader(origin.path) as reader:
        assert reader.read(id_of(origin.path, "main:data")) == content
        assert reader.read(id_of(origin.path, "main:pay.py")) == b"import requests\n"


def test_what_is_not_a_blob_of_the_store_is_none(origin: Origin) -> None:
    with BlobReader(origin.path) as reader:
        assert reader.read("0" * 40) is None
        assert reader.read(origin.head) is None
        assert reader.read(id_of(origin.path, "main:services")) is None


def test_a_blob_over_the_cap_is_not_read(origin: Origin) -> None:
    sha = id_of(origin.path, "main:pay.py")
    with BlobReader(origin.path, max_bytes=15) as small, BlobReader(origin.path, max_bytes=16) as enough:
        assert small.read(sha) is None
        assert enough.read(sha) == b"import requests\n"


def test_objects_are_looked_up_by_path(origin: Origin) -> None:
    with BlobReader(origin.path) as reader:
        found = reader.info(f"{origin.head}:services/api")
        assert found is not None
        assert (found.sha, found.kind) == (id_of(origin.path, "main:services/api"), "tree")
        assert reader.info(f"{origin.head}:no such") is None


@pytest.mark.parametrize("sha", ["", "main", "HEAD", "--help", "0" * 39, "0" * 40 + "\n", "A" * 40])
def test_only_full_ids_are_read(origin: Origin, sha: str) -> None:
    with BlobReader(origin.path) as reader, pytest.raises(ValueError, match="not a full object id"):
        reader.read(sha)


def test_a_name_cannot_smuggle_a_second_command(origin: Origin) -> None:
    with BlobReader(origin.path) as reader, pytest.raises(ValueError, match="no line breaks"):
        reader.info(f"{origin.head}\ncontents {origin.head}")


def test_a_dead_git_is_named_and_replaced(origin: Origin) -> None:
    sha = id_of(origin.path, "main:pay.py")
    with BlobReader(origin.path) as reader:
        reader.read(sha)
        (pid,) = processes_about(f"--git-dir={origin.path} cat-file")
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(SourceError, match="store_unreadable"):
            reader.read(sha)
        assert reader.read(sha) == b"import requests\n"


def test_a_damaged_object_is_named(origin: Origin) -> None:
    sha = id_of(origin.path, "main:pay.py")
    loose = origin.path / "objects" / sha[:2] / sha[2:]
    loose.chmod(0o644)
    loose.write_bytes(loose.read_bytes()[:-8])
    with BlobReader(origin.path) as reader, pytest.raises(SourceError, match="store_unreadable"):
        reader.read(sha)


def test_closing_ends_git(origin: Origin) -> None:
    with BlobReader(origin.path) as reader:
        reader.info(origin.head)
        assert processes_about(f"--git-dir={origin.path} cat-file")
    assert processes_about(f"--git-dir={origin.path} cat-file") == []


def test_git_ends_with_a_reader_that_is_killed(origin: Origin) -> None:
    program = (
        "import sys, time; from pathlib import Path; from scanners.git.blobs import BlobReader;"
        "BlobReader(Path(sys.argv[1])).info('HEAD'); print('ready', flush=True); time.sleep(60)"
    )
    reader = subprocess.Popen([sys.executable, "-c", program, str(origin.path)], stdout=subprocess.PIPE)
    assert reader.stdout
    assert reader.stdout.readline() == b"ready\n"
    reader.kill()
    reader.communicate()
    wait_until(lambda: processes_about(f"--git-dir={origin.path} cat-file") == [])


def test_reading_needs_the_standard_library_only() -> None:
    program = (
        "import sys; import scanners.git.blobs;"
        "print([name for name in sys.modules if name.split('.')[0] in ('git', 'httpx', 'idna', 'django')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == b"[]\n"
