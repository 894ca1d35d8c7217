"""Bills of materials: valid by the schema of CycloneDX, the same for the same commit, and whole."""

import datetime as dt
import json

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from scanners.__main__ import main
from scanners.advisories import Advisories
from scanners.inventory.table import Row
from scanners.sbom import sbom
from scanners.scan import scan_files

DAY = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
PROJECT = '[project]\nname = "shop"\nversion = "1"\ndependencies = ["celery>=5", "core"]\n'
LOCK = f"""version = 1

[[package]]
name = "shop"
source = {{ virtual = "." }}
dependencies = [{{ name = "celery" }}, {{ name = "core" }}]

[package.dev-dependencies]
dev = [{{ name = "pytest" }}]

[[package]]
name = "celery"
version = "5.4.0"
source = {{ registry = "https://pypi.org/simple" }}
dependencies = [{{ name = "kombu" }}]
wheels = [
  {{ url = "https://files/celery-5.4.0-py3-none-any.whl", hash = "sha256:{"ab" * 32}" }},
]

[[package]]
name = "kombu"
version = "5.3.0"
source = {{ registry = "https://token:pass@pypi.shop.io/simple" }}

[[package]]
name = "core"
version = "3.0"
source = {{ git = "https://git.shop.io/core.git?rev=v3#{"0a1b2c3d" * 5}" }}

[[package]]
name = "pytest"
version = "9.0.0"
source = {{ registry = "https://pypi.org/simple" }}
"""
RECORDS = """[
  {"id": "PYSEC-0-1", "modified": "2026-01-02T00:00:00Z", "aliases": ["CVE-0-1"],
   "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
   "affected": [{"package": {"ecosystem": "PyPI", "name": "kombu"},
     "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "5.3.1"}]}]}]},
  {"id": "PYSEC-0-2", "modified": "2026-01-02T00:00:00Z",
   "affected": [{"package": {"ecosystem": "PyPI", "name": "celery"}, "versions": ["5.4.0"]}]}
]"""


def rows(files: dict[str, str], records: str = "") -> list[Row]:
    """The rows of the table of dependencies, as they are stored."""
    known = Advisories([records]) if records else None
    report = scan_files({path: text.encode() for path, text in files.items()}, advisories=known)
    return [Row.read(row) for row in json.loads(json.dumps(report.inventory["dependencies"]))]


def bill(files: dict[str, str], records: str = "") -> dict:
    """A bill of materials, parsed; it is valid by the strict schema."""
    text = sbom(rows(files, records), name="shop", commit="0a1b", made=DAY)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    return json.loads(text)


WHOLE = {"pyproject.toml": PROJECT, "uv.lock": LOCK}


def test_every_locked_package_is_a_component_with_its_package_url() -> None:
    found = {one["name"]: one for one in bill(WHOLE)["components"]}
    assert {name: one["version"] for name, one in found.items()} == {
        "celery": "5.4.0", "core": "3.0", "kombu": "5.3.0", "pytest": "9.0.0",
    }  # fmt: skip
    assert found["celery"]["purl"] == "pkg:pypi/celery@5.4.0"
    assert found["kombu"]["purl"] == "pkg:pypi/kombu@5.3.0?repository_url=https://pypi.shop.io/simple"
    assert found["core"]["purl"].startswith("pkg:pypi/core@3.0?vcs_url=git%2Bhttps://git.shop.io/core.git")
    assert (found["celery"]["scope"], found["pytest"]["scope"]) == ("required", "excluded")


def test_a_bill_names_digests_of_files_and_no_credentials() -> None:
    content = bill(WHOLE)
    celery = next(one for one in content["components"] if one["name"] == "celery")
    assert celery["externalReferences"] == [
        {
            "type": "distribution",
            "url": "https://pypi.org/simple/celery/#celery-5.4.0-py3-none-any.whl",
            "hashes": [{"alg": "SHA-256", "content": "ab" * 32}],
        }
    ]
    assert "token" not in json.dumps(content)


def test_the_graph_says_who_brings_whom_along() -> None:
    content = bill(WHOLE)
    graph = {node["ref"]: node.get("dependsOn", []) for node in content["dependencies"]}
    assert graph["pkg:pypi/celery@5.4.0"] == ["pkg:pypi/kombu@5.3.0?repository_url=https://pypi.shop.io/simple"]
    root = graph[content["metadata"]["component"]["bom-ref"]]
    assert [ref.split("@")[0] for ref in root] == ["pkg:pypi/celery", "pkg:pypi/core", "pkg:pypi/pytest"]


def test_a_lock_that_does_not_tell_who_brings_whom_has_no_made_up_edges() -> None:
    lock = '{"default": {"celery": {"version": "==5.4.0", "index": "pypi"}, "kombu": {"version": "==5.3.0"}}}'
    graph = bill({"Pipfile": '[packages]\ncelery = "*"\n', "Pipfile.lock": lock})["dependencies"]
    assert graph[0] == {"ref": "commit:0a1b", "dependsOn": ["pkg:pypi/celery@5.4.0"]}
    assert [node for node in graph[1:] if "dependsOn" in node] == []


def test_known_faults_are_in_it_with_weight_fix_and_what_they_affect() -> None:
    first, second = bill(WHOLE, RECORDS)["vulnerabilities"]
    assert (first["id"], first["ratings"], first["recommendation"]) == (
        "PYSEC-0-1",
        [{"severity": "critical"}],
        "Move to 5.3.1.",
    )
    assert [one["id"] for one in first["references"]] == ["CVE-0-1"]
    assert first["affects"] == [{"ref": "pkg:pypi/kombu@5.3.0?repository_url=https://pypi.shop.io/simple"}]
    assert (second["id"], second["ratings"]) == ("PYSEC-0-2", [{"severity": "unknown"}])
    assert "vulnerabilities" not in bill(WHOLE)


def test_the_same_commit_gives_the_same_bytes_and_another_one_another_number() -> None:
    one, same = (sbom(rows(WHOLE), name="shop", commit="0a1b", made=DAY) for _ in range(2))
    other = sbom(rows(WHOLE | {"uv.lock": LOCK.replace("9.0.0", "9.0.1")}), name="shop", commit="0a1b", made=DAY)
    assert one == same
    assert json.loads(one)["metadata"]["timestamp"] == "2026-03-01T12:00:00+00:00"
    assert json.loads(one)["serialNumber"] != json.loads(other)["serialNumber"]
    assert "timestamp" not in json.loads(sbom(rows(WHOLE), name="shop"))["metadata"]


def test_what_could_not_be_read_is_named() -> None:
    content = bill({"pyproject.toml": PROJECT, "uv.lock": "version = ["})
    assert [one["value"].split(":")[0] for one in content["properties"]] == ["uv.lock"]
    assert {one["name"] for one in content["components"]} == {"celery", "core"}


def test_what_nothing_locks_has_no_version() -> None:
    (component,) = bill({"requirements.txt": "celery>=5\n"})["components"]
    assert ("version" in component, component["purl"]) == (False, "pkg:pypi/celery")


def test_the_command_writes_a_bill(tmp_path, capsys) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "requirements.txt").write_text("celery==5.4.0\n", "utf-8")
    (tmp_path / "osv.json").write_text(RECORDS, "utf-8")
    given = ["sbom", str(folder), "--made", "2026-03-01T12:00:00", "--processes", "1"]
    assert main([*given, "--advisories", str(tmp_path / "osv.json"), "--output", str(tmp_path / "bom.json")]) == 0
    content = json.loads((tmp_path / "bom.json").read_text("utf-8"))
    assert (content["metadata"]["component"]["name"], len(content["vulnerabilities"])) == ("shop", 1)
    assert main(given) == 0
    assert json.loads(capsys.readouterr().out)["specVersion"] == "1.6"


@pytest.mark.parametrize("option", ["--advisories", "--output"])
def test_the_command_says_what_is_in_the_way(tmp_path, capsys, option) -> None:
    assert main(["sbom", str(tmp_path), option, str(tmp_path / "no" / "such"), "--processes", "1"]) == 2
    assert "cannot be" in capsys.readouterr().err
