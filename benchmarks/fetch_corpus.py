"""Downloads the corpus: source distributions from PyPI, pinned in corpus.toml, one commit a release in bare stores.

`python -m benchmarks.fetch_corpus [NAME ...]` fills benchmarks/.corpus; `--pin NAME VERSION ...` prints pins.
Nothing of a package is run or installed. The newest release of each also lies as plain files below .corpus/files, for
tools that cannot read a repository. Tools that need other packages than ours get an environment of their own.
"""

import argparse
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urljoin

import httpx

HERE = Path(__file__).parent
CORPUS = HERE / ".corpus"
FILES = CORPUS / "files"
TOOLS = CORPUS / "tools"
PYPI = "https://pypi.org"
PINS = HERE / "corpus.toml"
_TIMEOUT = httpx.Timeout(120, connect=20)


def pins() -> dict[str, dict[str, str]]:
    """The releases to fetch: {package: {version: SHA-256 of its source distribution}}, oldest first."""
    return {name: table for name, table in _pinned().items() if name not in ("tools", "counts")}


def tool(name: str) -> Path:
    """A tool that is pinned in corpus.toml, installed in its own environment. Raises SystemExit where it is not."""
    found = TOOLS / f"{name}-{_pinned()['tools'][name]}" / "bin" / name
    if not found.exists():
        raise SystemExit(f"{name} is not there. Run python -m benchmarks.fetch_corpus.")
    return found


def checked(name: str) -> Path:
    """The files of a package, after they were counted. Raises SystemExit where they are not those that were pinned."""
    found = [path for path in files(name).rglob("*.py") if path.is_file()]
    have, wanted = [len(found), sum(path.stat().st_size for path in found)], _pinned()["counts"][name]
    if have != wanted:
        raise SystemExit(
            f"{name} has {have[0]:,} Python files of {have[1]:,} bytes, and {wanted[0]:,} of {wanted[1]:,} are pinned. "
            f"Remove {repository(name)} and {files(name)}, then run python -m benchmarks.fetch_corpus {name}."
        )
    return files(name)


def _pinned() -> dict[str, Any]:
    return tomllib.loads(PINS.read_text(encoding="utf-8"))


def repository(name: str) -> Path:
    """The bare repository of a package."""
    return CORPUS / f"{name}.git"


def files(name: str) -> Path:
    """The newest release of a package as plain files."""
    return FILES / name


def releases_of(client: httpx.Client, name: str) -> dict[str, Any]:
    """PyPI's record of every source distribution of a package, by version."""
    answer = client.get(f"{PYPI}/pypi/{name.removesuffix('-pushes')}/json")
    answer.raise_for_status()
    found = {}
    for version, uploads in answer.json()["releases"].items():
        archives = [upload for upload in uploads if upload["filename"].endswith(".tar.gz")]
        if archives:
            found[version] = archives[0]
    return found


def members(archive: bytes) -> Iterator[tuple[str, bytes]]:
    """The regular files of a source distribution, below its top directory. Odd names are left out."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            parts = PurePosixPath(member.name).parts[1:]
            if member.isfile() and parts and not {"..", "/", ".git"} & set(parts):
                content = tar.extractfile(member)
                if content is not None:
                    yield "/".join(parts), content.read()


def commit(version: str, uploaded: str, content: list[tuple[str, bytes]]) -> bytes:
    """One release as a commit of `git fast-import`, replacing all that was there."""
    when = int(datetime.fromisoformat(uploaded).timestamp())
    message = f"Release {version}".encode()
    author = b"Release <release@pypi.example> %d +0000" % when
    parts = [b"commit refs/heads/main\ncommitter %s\ndata %d\n%s\ndeleteall\n" % (author, len(message), message)]
    for path, data in content:
        parts += [
            b"M 100644 inline %s\ndata %d\n" % (json.dumps(path, ensure_ascii=False).encode(), len(data)),
            data,
            b"\n",
        ]
    return b"".join(parts)


def fetch(client: httpx.Client, name: str, wanted: dict[str, str]) -> None:
    """Make the repository and the files of one package, unless they are there."""
    if repository(name).exists():
        return
    records, target = releases_of(client, name), CORPUS / f"{name}.part"
    shutil.rmtree(target, ignore_errors=True)
    subprocess.run(["git", "init", "-q", "--bare", "--initial-branch=main", target], check=True)
    importer = subprocess.Popen(["git", f"--git-dir={target}", "fast-import", "--quiet"], stdin=subprocess.PIPE)
    for version, digest in wanted.items():
        archive = client.get(urljoin(PYPI, records[version]["url"])).raise_for_status().content
        if hashlib.sha256(archive).hexdigest() != digest:
            raise SystemExit(
                f"{name} {version} is not what corpus.toml pins. Pin it again, or find out who changed it."
            )
        content = list(members(archive))
        importer.stdin.write(commit(version, records[version]["upload_time"], content))
    importer.stdin.close()
    if importer.wait():
        raise SystemExit(f"git fast-import refused {name}.")
    write_files(name, content)
    target.rename(repository(name))
    print(f"{name}: {len(wanted)} releases, {len(content)} files in the newest")


def write_files(name: str, content: list[tuple[str, bytes]]) -> None:
    """Lay the Python files of one release out for tools that read folders."""
    for path, data in content:
        if path.endswith(".py"):
            place = files(name) / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)


def install(name: str, version: str) -> None:
    """Make the environment of a tool, unless it is there."""
    place = TOOLS / f"{name}-{version}"
    if (place / "bin" / name).exists():
        return
    uv = shutil.which("uv", path=f"{HERE.parent / '.venv' / 'tools' / 'bin'}:{os.environ['PATH']}")
    if uv is None:
        raise SystemExit("uv was not found. Run make test once, which installs it, or install uv.")
    python = f"--python={place / 'bin' / 'python'}"
    subprocess.run([uv, "venv", "--quiet", "--clear", f"--python={sys.executable}", place], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", python, f"{name}=={version}"], check=True)
    print(f"{name} {version}: in {place}")


def main() -> None:
    """Fetch what is missing, or print pins."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--pin", action="store_true", help="print pins of NAME VERSION ...")
    options = parser.parse_args()
    with httpx.Client(timeout=_TIMEOUT, follow_redirects=True) as client:
        if options.pin:
            name, *versions = options.names
            records = releases_of(client, name)
            print(
                f"[{name}]",
                *(f'"{version}" = "{records[version]["digests"]["sha256"]}"' for version in versions),
                sep="\n",
            )
            return
        for name, wanted in pins().items():
            if not options.names or name in options.names:
                fetch(client, name, wanted)
    if not options.names:
        for name, version in _pinned()["tools"].items():
            install(name, version)


if __name__ == "__main__":
    main()
