"""Badges: what they say in every state, who may see them, and how long they may be kept."""

import re
import xml.etree.ElementTree as ET

import pytest
from django.test import Client

from reviews import badges
from reviews.models import AuditEvent, Repository, Scan
from scanners import registry
from tests.factories import RepositoryFactory, ScanFactory
from tests.reviews.decided import broken
from tests.reviews.rows import finished
from tests.source import text

pytestmark = pytest.mark.django_db
SVG = "{http://www.w3.org/2000/svg}"
WHITE = "#ffffff"


@pytest.fixture
def pay(team, owner):
    repository = RepositoryFactory(team=team, name="pay", tier="C")
    badges.share(repository, by=owner)
    return repository


def seen(repository, kind, **headers):
    """What somebody gets who has nothing but the address."""
    return Client().get(f"/badges/{repository.badge_key}/{kind}.svg", headers=headers)


def said(repository, kind):
    """What a badge says, and its colour."""
    drawn = ET.fromstring(seen(repository, kind).content)
    ground = drawn.findall(f".//{SVG}rect")[-1].attrib["fill"]
    assert drawn.attrib["role"] == "img"
    assert drawn.attrib["aria-label"] == drawn.find(f"{SVG}title").text
    return drawn.attrib["aria-label"], next(tone for tone, colour in badges.TONES.items() if colour == ground)


def good(repository):
    return finished(repository, rule_set=registry.digest(), bad=0, unresolved=0)


def test_before_the_first_scan_each_says_so(pay):
    assert [said(pay, kind) for kind in badges.Kind] == [
        ("level: no scan yet", "unknown"),
        ("score: no scan yet", "unknown"),
        ("gate: no scan yet", "unknown"),
    ]


def test_while_the_first_scan_runs_the_gate_is_pending(pay):
    ScanFactory(repository=pay, state="running")
    assert said(pay, "gate") == ("gate: pending", "unknown")


def test_what_a_good_repository_says(pay):
    good(pay)
    assert [said(pay, kind) for kind in badges.Kind] == [
        ("level: gold", "gold"),
        ("score: 100 of 100", "plain"),
        ("gate: pass", "pass"),
    ]


def test_what_a_bad_repository_says(pay):
    finished(pay)
    Repository.objects.update(tier="A")
    assert said(pay, "level") == ("level: none", "none")
    assert said(pay, "gate") == ("gate: fail", "fail")
    assert re.fullmatch(r"score: \d+\N{EN DASH}\d+ of 100", said(pay, "score")[0])


def test_conditions_and_a_branch_that_moved_are_said(pay):
    scan = finished(pay)
    broken(pay, scan.commit)
    assert said(pay, "gate") == ("gate: pass with conditions", "warn")
    ScanFactory(repository=pay, trigger="webhook")
    assert said(pay, "gate") == ("gate: stale", "unknown")


def test_nothing_to_score_is_no_score(pay):
    good(pay)
    Scan.objects.update(score_low=None, score_high=None)
    assert said(pay, "score") == ("score: nothing to score", "unknown")


@pytest.mark.parametrize(
    "path", ["nothing/gate.svg", "{key}/secret.svg", "{key}/gate.png", "{key}x/gate.svg", "-/gate.svg"]
)
def test_without_the_address_nothing_is_shown(client, pay, path):
    RepositoryFactory()
    assert client.get(f"/badges/{path.format(key=pay.badge_key)}").status_code == 404


def test_a_badge_sets_no_cookie_and_reads_none(client, pay, owner):
    client.force_login(owner)
    response = client.get(f"/badges/{pay.badge_key}/gate.svg")
    assert not response.cookies
    assert "Cookie" not in response.headers.get("Vary", "")
    assert response.headers["Content-Type"] == "image/svg+xml"


def test_a_badge_is_a_minute_old_at_most_and_is_sent_again_only_when_it_changed(pay):
    first = seen(pay, "gate")
    assert first.headers["Cache-Control"] == "public, max-age=60, must-revalidate"
    same = seen(pay, "gate", **{"If-None-Match": first.headers["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    good(pay)
    assert seen(pay, "gate", **{"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_every_colour_is_one_of_the_stylesheet_and_carries_white_text():
    known = set(re.findall(r"#[0-9a-f]{6}\b", text("static/tokens.css")))
    colours = [*badges.TONES.values(), badges.LABEL_GROUND]
    assert [colour for colour in colours if colour not in known] == []
    assert [colour for colour in colours if contrast(colour, WHITE) < 4.5] == []


def test_the_picture_is_as_wide_as_what_it_says(pay):
    drawn = ET.fromstring(seen(pay, "gate").content)
    parts = [float(rect.attrib["width"]) for rect in drawn.findall(f"./{SVG}g/{SVG}rect")]
    assert sum(parts) == float(drawn.attrib["width"])
    assert badges.width("pass") < badges.width("pass with conditions") < 140
    assert badges.width("mmm") > badges.width("iii")


def test_shared_badges_have_an_address_that_nobody_can_guess(pay, owner):
    assert len(pay.badge_key) == 22
    assert badges.share(pay, by=owner) == pay.badge_key
    assert [event.kind for event in AuditEvent.objects.all()] == ["badges-shared"]


def test_badges_that_are_shared_no_more_are_gone_and_come_back_elsewhere(pay, owner):
    former = pay.badge_key
    badges.unshare(pay, by=owner)
    badges.unshare(pay, by=owner)
    assert Client().get(f"/badges/{former}/gate.svg").status_code == 404
    assert badges.share(pay, by=owner) != former
    kinds = [event.kind for event in AuditEvent.objects.order_by("seq")]
    assert kinds == ["badges-shared", "badges-unshared", "badges-shared"]


def test_the_settings_show_what_to_write_into_a_readme(client, pay, owner):
    client.force_login(owner)
    home = "/repositories/payments/pay/"
    page = client.get(f"{home}settings/").content.decode()
    badge = f"http://testserver/badges/{pay.badge_key}/gate.svg"
    assert f"[![gate]({badge})](http://testserver{home})" in page
    client.post(f"{home}badges/unshare/")
    assert "Share the badges" in client.get(f"{home}settings/").content.decode()
    client.post(f"{home}badges/share/")
    assert pay.badge_key not in client.get(f"{home}settings/").content.decode()


def contrast(one: str, other: str) -> float:
    """The ratio that WCAG defines for two colours."""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
