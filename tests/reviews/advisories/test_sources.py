"""Sources are read file by file: nothing is unpacked, followed or trusted."""

import gzip
import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest
from pytest_django import Settings

from reviews.advisories import sources
from reviews.advisories.errors import LoadError
from reviews.advisories.sources import opened
from scanners.git.errors import SourceError
from tests.git_server import GitServer
from tests.origin import commit_files

FILES = {"vulns/a.yaml": b"a", "vulns/b.json": b"b"}
OTHERS = {"README.md": b"x", ".github/c.yml": b"x", "../d.json": b"x"}


def read(source) -> dict[str, bytes | None]:
    with opened(str(source), lambda: None) as found:
        return dict(found.files)


def tarred(path: Path, mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, raw in (FILES | OTHERS).items():
            member = tarfile.TarInfo(name)
            member.size = len(raw)
            archive.addfile(member, io.BytesIO(raw))
        link = tarfile.TarInfo("vulns/link.json")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return path


def zipped(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in (FILES | OTHERS).items():
            archive.writestr(name, raw)
        link = zipfile.ZipInfo("vulns/link.json")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return path


@pytest.mark.parametrize("mode", ["w:", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_archive(tmp_path, mode):
    assert read(tarred(tmp_path / "pypi.tar", mode)) == FILES


def test_a_zip_archive(tmp_path):
    assert read(zipped(tmp_path / "all.zip")) == FILES


def test_a_folder_without_links_and_hidden_files(tmp_path):
    secret = tmp_path / "secret.json"
    secret.write_text("secret")
    root = tmp_path / "database"
    for name, raw in (FILES | {".github/c.yml": b"x"}).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(raw)
    (root / "vulns/link.json").symlink_to(secret)
    (root / "linked").symlink_to(tmp_path)
    assert read(root) == FILES


def test_one_file_is_not_all_there_is(tmp_path):
    (tmp_path / "own.json").write_bytes(b"[]")
    with opened(str(tmp_path / "own.json"), lambda: None) as found:
        assert (found.is_whole, found.is_live, dict(found.files)) == (False, False, {"own.json": b"[]"})


def test_a_mirror_is_fetched_and_read_without_a_checkout(settings: Settings, tmp_path, origin):
    settings.SCRATCH_DIR = tmp_path / "scratch"
    commit = commit_files(origin, FILES | {"README.md": b"x"}, date="2026-03-01T23:00:00+00:00")
    settings.ALLOWED_SCHEMES, settings.ALLOWED_PRIVATE = ["http"], ["127.0.0.1"]
    with GitServer(origin.parent) as server, opened(f"{server.url}/{origin.name}", lambda: None) as found:
        assert (found.is_live, found.commit, str(found.day)) == (True, commit, "2026-03-01")
        assert dict(found.files) == FILES
        assert not list(settings.SCRATCH_DIR.rglob("*.yaml"))
    assert list(settings.SCRATCH_DIR.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://127.0.0.1/advisory-database.git", "address_not_public"),
        ("http://git.example.org/advisory-database.git", "url_scheme_not_allowed"),
        ("file:///etc", "local_path_not_allowed"),
    ],
)
def test_a_mirror_is_under_the_policy_for_addresses(url, code):
    with pytest.raises(SourceError) as failure:
        read(url)
    assert failure.value.code == code


@pytest.mark.parametrize(
    ("source", "code"),
    [("/nowhere/at/all", "source_missing"), ("https://osv.example.org/PyPI/all.zip", "source_is_no_git")],
)
def test_what_cannot_be_read_says_what_to_give(source, code):
    with pytest.raises(LoadError) as failure:
        read(source)
    assert failure.value.code == code
    assert failure.value.next_step


def test_an_archive_that_breaks_off_is_refused(tmp_path):
    whole = tarred(tmp_path / "pypi.tar.gz").read_bytes()
    (tmp_path / "pypi.tar.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(LoadError, match="to its end"):
        read(tmp_path / "pypi.tar.gz")


class TestBounds:
    def test_a_large_file_is_named_but_not_read(self, tmp_path, monkeypatch):
        monkeypatch.setattr(sources, "LARGEST", 100)
        with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("bomb.json", b" " * 100_000)
            archive.writestr("a.json", b"a")
        assert read(tmp_path / "all.zip") == {"bomb.json": None, "a.json": b"a"}

    def test_what_unpacks_to_too_much_is_refused(self, tmp_path, monkeypatch):
        monkeypatch.setattr(sources, "MOST_BYTES", 1_000_000)
        with tarfile.open(tmp_path / "pypi.tar.gz", "w:gz") as archive:
            bomb = tarfile.TarInfo("bomb.bin")
            bomb.size = 50_000_000
            archive.addfile(bomb, io.BytesIO(b"\0" * bomb.size))
        with pytest.raises(LoadError) as failure:
            read(tmp_path / "pypi.tar.gz")
        assert failure.value.code == "source_too_large"

    def test_too_many_files_are_refused(self, tmp_path, monkeypatch):
        monkeypatch.setattr(sources, "MOST_FILES", 1)
        with pytest.raises(LoadError, match="more than 1 files"):
            read(zipped(tmp_path / "all.zip"))

    def test_what_is_no_archive_is_refused(self, tmp_path):
        (tmp_path / "pypi.tar.gz").write_bytes(gzip.compress(b"not a tar archive" * 100))
        with pytest.raises(LoadError, match="to its end"):
            read(tmp_path / "pypi.tar.gz")
