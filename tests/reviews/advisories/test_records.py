"""Records are kept in the form that matching reads, and of no other."""

import json
from datetime import date

import pytest

from reviews.advisories.records import UnreadableError, read, unpack
from tests.reviews.advisories.osv import record

YAML = """
id: PYSEC-2021-10
details: |-
  A panel runs what it is given.

  More of it.
affected:
- package: {name: Debug_Toolbar, ecosystem: PyPI}
  ranges:
  - type: GIT
    events: [{introduced: abc}]
  - type: ECOSYSTEM
    events:
    - introduced: "0"
    - fixed: 1.11.1
  versions: ["1.0"]
modified: 2021-05-01T10:00:00Z
aliases: [CVE-2021-30459]
severity: [{type: CVSS_V3, score: "CVSS:3.1/AV:N"}, slip]
database_specific: {severity: HIGH, cwes: [CWE-89]}
"""


def raw(**fields) -> bytes:
    return json.dumps(record(**fields)).encode()


def test_a_record_in_yaml_keeps_what_matching_needs():
    (kept,) = read(YAML.encode())
    assert (kept.ident, kept.modified, kept.names) == ("PYSEC-2021-10", date(2021, 5, 1), {"debug-toolbar"})
    assert unpack(kept.packed) == {
        "id": "PYSEC-2021-10",
        "aliases": ["CVE-2021-30459"],
        "summary": "A panel runs what it is given.",
        "affected": [
            {
                "package": {"ecosystem": "PyPI", "name": "debug-toolbar"},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.11.1"}]}],
                "versions": ["1.0"],
            }
        ],
        "severity": [{"score": "CVSS:3.1/AV:N"}],
        "database_specific": {"severity": "HIGH"},
    }


def test_the_digest_is_of_what_is_kept():
    same = [record(references=[{"url": url}]) for url in ("https://a.example.org", "https://b.example.org")]
    digests = {read(json.dumps(one).encode())[0].digest for one in same}
    others = {read(raw(**other))[0].digest for other in ({"fixed": "3"}, {"withdrawn": "2026-01-01T00:00:00Z"})}
    assert (len(digests), len(digests | others)) == (1, 3)


@pytest.mark.parametrize(
    "about_something_else",
    [
        b'{"name": "a manifest"}',
        b"on: push\njobs: {}\n",
        json.dumps(record(affected=[{"package": {"ecosystem": "npm", "name": "left-pad"}}])).encode(),
    ],
    ids=["a manifest", "a workflow", "another ecosystem"],
)
def test_what_is_about_something_else_is_no_record(about_something_else):
    assert read(about_something_else) == []


@pytest.mark.parametrize(
    "broken",
    [
        b"\xff\xfe{",
        b"",
        b'{"id": "PYSEC-0-1", "affected": ',
        b"[" * 100_000,
        b"id: A-1\naffected: &a [b]\nmore: *a\n",
        raw(ident="../../etc"),
        raw(id=7),
        raw(affected=[{"package": {"name": "a" * 201}}]),
        raw(affected=["tackle"]),
        raw(affected=[{"package": {"name": "tackle"}, "ranges": [{"type": "ECOSYSTEM", "events": ["0"]}]}]),
        raw(affected=[{"package": {"name": "tackle"}, "versions": "1.0"}]),
        raw(modified="yesterday"),
        raw(aliases=[None]),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_what_a_scan_would_stumble_over_is_refused(broken):
    with pytest.raises(UnreadableError):
        read(broken)
