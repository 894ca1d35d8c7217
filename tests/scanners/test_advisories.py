"""Advisories read from disk and matched against versions: small records of our own, and a real snapshot where it is."""

import datetime as dt
import json
import tarfile
import zipfile
from pathlib import Path

import pytest

from scanners.advisories import Advisories, AdvisoriesError, load

SNAPSHOTS = list((Path(__file__).parents[3] / "shared" / "data" / "advisories").glob("*.tar.gz"))


def record(name="shop-client", **fields):
    package = {"ecosystem": fields.pop("ecosystem", "PyPI"), "name": name}
    affected = {"package": package, **{key: fields.pop(key) for key in ("ranges", "versions") if key in fields}}
    return {"id": "PYSEC-0-1", "modified": "2026-01-02T03:04:05Z", "affected": [affected], **fields}


def ranged(*events, kind="ECOSYSTEM"):
    return record(ranges=[{"type": kind, "events": [dict([event]) for event in events]}])


def covers(given, version, name="shop-client"):
    return bool(Advisories([json.dumps(given)]).of(name, version))


TWO_BRANCHES = (("introduced", "0"), ("fixed", "1.4.2"), ("introduced", "2.0"), ("fixed", "2.1"))


@pytest.mark.parametrize(
    ("events", "version", "covered"),
    [
        ((("introduced", "0"),), "0.0.1", True),
        ((("introduced", "0"),), "0a1.dev0", True),
        ((("introduced", "1.0"), ("fixed", "1.4")), "0.9", False),
        ((("introduced", "1.0"), ("fixed", "1.4")), "1.0", True),
        ((("introduced", "1.0"), ("fixed", "1.4")), "1.0rc1", False),
        ((("introduced", "1.0"), ("fixed", "1.4")), "1.4rc1", True),
        ((("introduced", "1.0"), ("fixed", "1.4")), "1.4", False),
        ((("introduced", "1.0"), ("fixed", "1.4")), "1.4.0", False),
        ((("introduced", "1.0"), ("fixed", "1.4")), "1.4+local", False),
        ((("introduced", "1.0"), ("fixed", "1.4")), "1.3.post1", True),
        ((("introduced", "1.0"), ("fixed", "1.4")), "1!1.2", False),
        ((("introduced", "1!1.0"), ("fixed", "1!1.4")), "1!1.2", True),
        ((("introduced", "1.0"), ("last_affected", "1.4")), "1.4", True),
        ((("introduced", "1.0"), ("last_affected", "1.4")), "1.4.1", False),
        ((("introduced", "1.0"), ("last_affected", "1.4")), "1.4+local", True),
        ((("introduced", "1.0"), ("last_affected", "1.4")), "0.9", False),
        ((("introduced", "1.0"), ("limit", "1.4")), "1.3", True),
        ((("introduced", "1.0"), ("limit", "1.4")), "1.4", False),
        ((("introduced", "1.0"), ("limit", "*")), "9.9", True),
        ((("fixed", "1.4"), ("introduced", "1.0")), "1.2", True),
        (TWO_BRANCHES, "1.4.1", True),
        (TWO_BRANCHES, "1.9", False),
        (TWO_BRANCHES, "2.0.9", True),
        (TWO_BRANCHES, "2.1", False),
        ((("introduced", "1.0"), ("fixed", "1.4"), ("introduced", "1.4")), "1.4", True),
        ((("introduced", "0"),), "not a version", False),
    ],
)
def test_a_range_covers_what_lies_between_its_events(events, version, covered):
    assert covers(ranged(*events), version) is covered


@pytest.mark.parametrize("version", ["1.10", "1.10.0", "1.10+cu118", "v1.10"])
def test_a_listed_version_is_covered_however_it_is_written(version):
    assert covers(record(versions=["1.9", "1.10"]), version)


def test_a_version_that_nobody_can_order_is_compared_as_text():
    assert covers(record(versions=["2004-final"]), "2004-final")


def test_ranges_of_commits_and_other_ecosystems_say_nothing():
    assert not covers(ranged(("introduced", "0"), kind="GIT"), "1.0")
    assert not covers(record(versions=["1.0"], ecosystem="npm"), "1.0")


def test_a_withdrawn_record_is_left_out():
    advisories = Advisories([json.dumps(record(versions=["1.0"], withdrawn="2026-02-01T00:00:00Z"))])
    assert (advisories.of("shop-client", "1.0"), advisories.knows("shop-client")) == ((), False)


@pytest.mark.parametrize("name", ["Shop_Client", "shop.client", "SHOP-CLIENT"])
def test_names_are_compared_as_package_indexes_do(name):
    assert covers(record(versions=["1.0"]), "1.0", name)
    assert covers(record(name, versions=["1.0"]), "1.0")


def test_aliases_are_one_fault_and_the_first_fix_above_is_named():
    first = record(aliases=["CVE-0-1"], versions=["1.0"])
    second = ranged(("introduced", "0"), ("fixed", "0.5"), ("introduced", "0.9"), ("fixed", "1.2"), ("fixed", "3.0"))
    third = record(id="MAL-0-1", versions=["1.0"])
    other = {**second, "id": "GHSA-0-1", "aliases": ["CVE-0-1"]}
    found = Advisories([json.dumps([first, other, third])]).of("shop-client", "1.0")
    assert [(one.id, one.fixed, one.malicious) for one in found] == [("GHSA-0-1", "1.2", False), ("MAL-0-1", "", True)]
    assert "PYSEC-0-1" in found[0].names


VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N"


@pytest.mark.parametrize(
    ("fields", "severity"),
    [
        ({}, ""),
        ({"database_specific": {"severity": "MODERATE"}}, "medium"),
        ({"severity": [{"type": "CVSS_V3", "score": VECTOR}]}, "medium"),
        ({"severity": [{"type": "CVSS_V3", "score": VECTOR}], "database_specific": {"severity": "HIGH"}}, "high"),
        ({"severity": [{"type": "CVSS_V4", "score": "CVSS:4.0/AV:N/AC:L"}]}, ""),
        ({"severity": "high", "database_specific": ["high"]}, ""),
    ],
)
def test_a_fault_weighs_what_its_record_says(fields, severity):
    (found,) = Advisories([json.dumps(record(versions=["1.0"], **fields))]).of("shop-client", "1.0")
    assert found.severity == severity


def test_what_is_no_record_is_passed_over():
    assert Advisories(["{", "[1, null]", "- a: [", json.dumps({"id": "X"})]).of("shop-client", "1.0") == ()


# --- reading


def test_a_folder_an_archive_and_a_file_say_the_same(tmp_path):
    text = json.dumps(record(versions=["1.0"]))
    folder = tmp_path / "vulns" / "shop"
    folder.mkdir(parents=True)
    (folder / "PYSEC-0-1.json").write_text(text, "utf-8")
    (folder / "README.md").write_text("no record", "utf-8")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("PYSEC-0-1.json", text)
    with tarfile.open(tmp_path / "all.tar.gz", "w:gz") as archive:
        archive.add(folder / "PYSEC-0-1.json")
    for path in (tmp_path / "vulns", tmp_path / "all.zip", tmp_path / "all.tar.gz", folder / "PYSEC-0-1.json"):
        advisories = load(path)
        assert [one.id for one in advisories.of("shop-client", "1.0")] == ["PYSEC-0-1"]
        assert advisories.date == dt.date(2026, 1, 2)


def test_a_record_in_yaml_is_read(tmp_path):
    path = tmp_path / "PYSEC-0-1.yaml"
    path.write_text(
        "id: PYSEC-0-1\nmodified: '2026-01-02T00:00:00Z'\naffected:\n"
        "- package:\n    name: shop-client\n    ecosystem: PyPI\n  versions:\n  - '1.0'\n",
        "utf-8",
    )
    assert load(path).of("shop-client", "1.0")


@pytest.mark.parametrize("name", ["empty", "notes.txt", "missing.zip"])
def test_what_holds_no_advisory_is_refused(tmp_path, name):
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("hello", "utf-8")
    with pytest.raises(AdvisoriesError, match="OSV's records for PyPI"):
        load(tmp_path / name)


def test_a_real_snapshot_tells_old_releases_from_mended_ones_where_it_is_at_hand():
    for advisories in map(load, SNAPSHOTS[:1]):
        old = {name for one in advisories.of("Django", "3.2.1") for name in one.names}
        assert {"CVE-2021-35042", "CVE-2021-44420"} <= old
        assert [one.fixed for one in advisories.of("urllib3", "1.26.17")] == ["1.26.18"]
        assert advisories.of("urllib3", "1.26.20") == ()
        assert advisories.of("redis", "4.5.0")
        assert not advisories.knows("no-such-distribution")
