"""Duties of members, and what the gate asks of a team's releases."""

import json

import pytest

from reviews.models import AuditEvent, Membership

pytestmark = pytest.mark.django_db
POLICY = "/teams/payments/policy/"


def member(person) -> Membership:
    return person.memberships.get()


def give(client, by, to, *duties, **headers):
    """Tick the duties of a member on the page of the members."""
    client.force_login(by)
    return client.post(f"/teams/payments/members/{member(to).pk}/duties/", {"duties": duties}, **headers)


def last_event() -> AuditEvent:
    return AuditEvent.objects.order_by("-seq")[0]


def test_a_maintainer_says_what_a_member_answers_for(client, owner, reviewer):
    give(client, owner, reviewer, "security", "lead")
    assert member(reviewer).duties == ["lead", "security"]
    event = last_event()
    assert (event.kind, event.text) == (
        "member-duties-changed",
        "owner gave reviewer the duties lead, security instead of none",
    )
    assert json.loads(event.data) == {
        "person": "reviewer",
        "duties": "lead, security",
        "before": "none",
        "own_hand": "no",
    }


def test_a_duty_of_ones_own_hand_is_loud_in_the_audit_log(client, owner):
    give(client, owner, owner, "authority")
    assert member(owner).duties == ["authority"]
    assert last_event().text.endswith("THEIR OWN DUTY, BY THEIR OWN HAND")
    assert json.loads(last_event().data)["own_hand"] == "yes"


def test_giving_up_a_duty_of_ones_own_is_not_loud(client, owner):
    give(client, owner, owner, "authority")
    give(client, owner, owner)
    assert last_event().text == "owner gave themselves the duties none instead of authority"


def test_the_same_duties_again_are_no_event(client, owner, reviewer):
    give(client, owner, reviewer, "ops")
    give(client, owner, reviewer, "ops")
    assert AuditEvent.objects.filter(kind="member-duties-changed").count() == 1


def test_a_duty_that_is_none_is_not_given(client, owner, reviewer):
    give(client, owner, reviewer, "king")
    assert member(reviewer).duties == []


@pytest.mark.parametrize("person", ["viewer", "teammate", "reviewer"])
def test_nobody_else_gives_duties_least_of_all_to_themselves(client, request, owner, person):
    someone = request.getfixturevalue(person)
    assert give(client, someone, someone, "authority").status_code == 403
    assert member(someone).duties == []


def test_duties_in_another_team_are_out_of_reach(client, owner, stranger):
    assert give(client, owner, stranger, "ops").status_code == 404
    assert member(stranger).duties == []


def test_the_page_of_the_members_shows_their_duties(client, owner, reviewer):
    give(client, owner, reviewer, "ops")
    page = client.get("/teams/payments/members/").content.decode()
    assert page.count('value="ops" checked') == 1
    assert "Duties count from the role reviewer up." in page


def test_a_maintainer_says_where_a_review_is_needed(client, team, owner):
    client.force_login(owner)
    response = client.post(POLICY, {"review_tiers": ["B", "A"], "ops_tiers": ["A"]})
    assert response.headers["Location"] == POLICY
    team.refresh_from_db()
    assert (team.review_tiers, team.ops_tiers) == (["A", "B"], ["A"])
    assert last_event().kind == "policy-changed"
    assert last_event().text == (
        "owner changed the policy of Payments: reviews are needed at tier A and B, the duty ops at tier A"
    )
    assert json.loads(last_event().data)["before"] == {"review_tiers": ["A"], "ops_tiers": []}


def test_the_policy_is_on_its_page_with_the_quorum_that_follows(client, team, owner):
    client.force_login(owner)
    client.post(POLICY, {"ops_tiers": ["C"]})
    page = client.get(POLICY).content.decode()
    assert 'name="ops_tiers" value="C" checked' in page
    assert 'name="review_tiers" value="A">' in page
    assert "a reviewer with the duty ops" in page


def test_the_same_policy_again_is_no_event(client, owner):
    client.force_login(owner)
    client.post(POLICY, {"review_tiers": ["A"]})
    assert not AuditEvent.objects.exists()


def test_a_tier_that_is_none_is_refused(client, team, owner):
    client.force_login(owner)
    assert client.post(POLICY, {"review_tiers": ["Z"]}).status_code == 422
    team.refresh_from_db()
    assert team.review_tiers == ["A"]


@pytest.mark.parametrize("person", ["viewer", "teammate", "reviewer"])
def test_only_maintainers_set_the_policy(client, request, team, person):
    client.force_login(request.getfixturevalue(person))
    assert client.post(POLICY, {"review_tiers": []}).status_code == 403
    team.refresh_from_db()
    assert team.review_tiers == ["A"]
