"""A scan that a worker did, replayed: by the server itself, and by the command line in a clone."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from reviews import replaying, trees
from reviews.models import Repository, Scan, Team
from scanners.__main__ import main
from tests.factories import RepositoryFactory, ScanFactory
from tests.origin import commit_files
from tests.reviews.running import scanned

pytestmark = pytest.mark.django_db(transaction=True)

FILES = {
    "services/pay/pay.py": "import requests\n\nrequests.get('https://bank.example')\n",
    "services/pay/quiet.py": "def pay():\n    try:\n        go()\n    except Exception:\n        pass\n",
    "services/pay/old.py": "print 'hello'\n",
    "services/pay/requirements.txt": "requests==2.31.0\n",
    "services/pay/link.py": "VALUE = 1  # plimsoll: ignore[print-in-service] no reason to\n",
}


@pytest.fixture
def scan(team: Team, origin: Path) -> Scan:
    """A scan whose files were all known from the one before it."""
    commit_files(origin, FILES)
    repository = RepositoryFactory(team=team, url=f"file://{origin}", sub_path="services/pay", kind="worker")
    scanned(repository)
    commit_files(origin, {"other.py": "VALUE = 1\n"})
    found = scanned(repository)
    assert found.progress["cached"] == found.progress["files"]
    return found


def run(scan: Scan) -> str:
    """What the command says."""
    out = io.StringIO()
    call_command("replay_scan", scan.pk, stdout=out)
    return out.getvalue()


def test_a_replay_without_the_cache_is_the_same(scan: Scan) -> None:
    assert f"The same. Elsewhere: plimsoll replay . {scan.commit} --kind worker --sub-path services/pay" in run(scan)


def test_the_seal_of_its_page_is_what_the_command_line_prints_in_a_clone(
    scan, origin, client, viewer, tmp_path, capfd
) -> None:
    client.force_login(viewer)
    page = client.get(reverse("scan", args=[scan.pk])).content.decode()
    assert f"--sub-path services/pay --expect scan-{scan.pk}.json" in page
    given = client.get(reverse("scan-seal", args=[scan.pk]))
    assert given.headers["Content-Disposition"] == f'attachment; filename="scan-{scan.pk}.json"'
    seal = tmp_path / "seal.json"
    seal.write_bytes(given.content)
    place = ["--kind", "worker", "--sub-path", "services/pay", "--processes", "1"]
    assert main(["replay", str(origin), scan.commit, *place, "--expect", str(seal)]) == 0
    assert capfd.readouterr().out.encode() == given.content


def test_what_was_changed_in_the_database_is_found(scan: Scan) -> None:
    counted = trees.unpack(scan.tree_content.counted)
    counted["counts"]["request-without-timeout"][1] = {}
    scan.tree_content.counted = trees.pack(counted)
    scan.tree_content.save()
    with pytest.raises(CommandError, match=r"counts: 1 gone\n.*request-without-timeout"):
        run(scan)


def test_another_rule_set_is_refused_with_what_to_install(scan: Scan) -> None:
    counted = trees.unpack(scan.tree_content.counted) | {"rule_set": "fedcba9876543210"}
    scan.tree_content.counted = trees.pack(counted)
    scan.tree_content.save()
    with pytest.raises(CommandError, match=r"Install Plimsoll .* on Python .*\(rule_set_differs\)"):
        run(scan)


def test_a_commit_that_is_gone_is_named(scan: Scan) -> None:
    Repository.objects.update(url="file:///nowhere/gone.git")
    with pytest.raises(CommandError, match=r"\(local_path_not_allowed\)"):
        run(scan)


def test_a_scan_that_never_ended_or_kept_no_seal_has_nothing_to_replay(scan: Scan, client, viewer) -> None:
    waiting = ScanFactory(repository=scan.repository)
    with pytest.raises(CommandError, match=r"is not done, .*\(nothing_to_replay\)"):
        run(waiting)
    counted = trees.unpack(scan.tree_content.counted)
    del counted["sealed"]
    scan.tree_content.counted = trees.pack(counted)
    scan.tree_content.save()
    assert replaying.kept(scan) is None
    client.force_login(viewer)
    assert 'id="replay"' not in client.get(reverse("scan", args=[scan.pk])).content.decode()
    assert client.get(reverse("scan-seal", args=[scan.pk])).status_code == 404
