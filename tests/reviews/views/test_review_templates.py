"""The pages of what a team asks."""

import pytest
from django.urls import reverse

from reviews.models import AuditEvent, ReviewTemplate
from reviews.workflow.states import Occasion
from tests.factories import TeamFactory

pytestmark = pytest.mark.django_db
LIST = "/teams/payments/templates/"
URL = "/teams/payments/templates/C/worker/release/"
OWN = {"title": "Ledger balances", "question": "Who adds it up?", "area": "data", "evidence": ["note"]}


def entered(base=0, refs=("Q1", "Q40"), own=(), **fields) -> dict[str, object]:
    """A form as the page sends it; `own` are the rows below the ticks."""
    rows = {f"own-{i}-{name}": value for i, row in enumerate(own) for name, value in row.items()}
    counts = {"own-TOTAL_FORMS": len(own), "own-INITIAL_FORMS": sum("ref" in row for row in own)}
    return {"base": base, "refs": list(refs), "note": "The bank asked."} | counts | rows | fields


def posted(client, person, url=URL, **fields):
    client.force_login(person)
    return client.post(url, entered(**fields))


def text(client, person, url) -> str:
    client.force_login(person)
    return client.get(url).content.decode()


def newest() -> ReviewTemplate:
    return ReviewTemplate.objects.order_by("-version")[0]


def test_every_occasion_of_every_kind_and_tier_is_one_link_away(client, viewer):
    page = text(client, viewer, LIST)
    assert page.count(f'href="{LIST}') == 3 * 4 * len(Occasion) + 1
    assert f'<a href="{URL}" aria-label="4 questions: release, tier C, worker">4</a>' in page
    assert "A maintainer of the team can change it." in page


def test_a_reader_sees_what_is_asked_and_no_form(client, viewer):
    page = text(client, viewer, URL)
    assert "The way back was tried" in page
    assert "<form" not in page.split("<main")[1].split("</main")[0]


def test_a_maintainer_stores_what_is_asked(client, owner):
    response = posted(client, owner, own=[OWN, {"title": "", "question": "", "area": ""}])
    assert (response.status_code, response.headers["Location"]) == (302, URL)
    stored = newest()
    assert (stored.version, stored.refs, stored.note, stored.edited_by) == (1, ["Q1", "Q40"], "The bank asked.", owner)
    assert stored.own == [OWN | {"ref": "Y1"}]
    assert AuditEvent.objects.get().kind == "template-changed"


def test_what_is_stored_is_on_the_page(client, owner):
    posted(client, owner, own=[OWN])
    page = text(client, owner, URL)
    assert 'value="Q1" checked' in page
    assert 'value="Q40" checked disabled' in page
    assert 'value="Q7">' in page
    assert "3 of at most 8 questions" in page
    assert "Added Y1, Q1. Took out Q26, Q7, Q23." in page
    assert '<span class="badge">version 1</span>' in text(client, owner, LIST)


def test_the_last_question_is_asked_though_a_disabled_box_is_not_sent(client, owner):
    posted(client, owner, refs=["Q1"])
    assert newest().refs == ["Q1", "Q40"]


def test_own_questions_are_reworded_taken_out_and_added(client, owner):
    posted(client, owner, own=[OWN, OWN | {"title": "Banks agree"}])
    rows = [OWN | {"ref": "Y1", "title": "It balances"}, OWN | {"ref": "Y2", "gone": "on"}, OWN | {"title": "Third"}]
    posted(client, owner, base=1, own=rows)
    assert [(row["ref"], row["title"]) for row in newest().own] == [("Y1", "It balances"), ("Y3", "Third")]


def test_a_made_up_ref_is_none(client, owner):
    posted(client, owner, own=[OWN | {"ref": "Q1"}])
    assert [row["ref"] for row in newest().own] == ["Y1"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"note": ""}, "This field is required."),
        ({"refs": ["Q33"]}, "Select a valid choice. Q33"),
        ({"own": [OWN | {"area": "art"}]}, "Select a valid choice. art"),
        ({"own": [OWN | {"question": ""}]}, "This field is required."),
        ({"own": [OWN] * 7}, "These are 9 questions. Tier C asks 8 at most: take 1 out."),
        ({"base": "x"}, "The form is not complete. Open this page again."),
    ],
)
def test_a_mistake_is_said_and_nothing_is_stored(client, owner, fields, said):
    response = posted(client, owner, **fields)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert not ReviewTemplate.objects.exists()


def test_a_form_without_its_rows_is_refused(client, owner):
    client.force_login(owner)
    assert client.post(URL, {"base": 0, "note": "a"}).status_code == 422


def test_whoever_comes_second_keeps_what_they_entered_and_may_save_it_again(client, owner, admin):
    posted(client, owner)
    response = posted(client, admin, refs=["Q7", "Q40"], own=[OWN])
    page = response.content.decode()
    assert response.status_code == 409
    assert "owner saved version 1 meanwhile. Yours is not stored" in page
    assert 'value="Q7" checked' in page
    assert 'name="base" value="1"' in page
    assert posted(client, admin, base=1, refs=["Q7", "Q40"]).status_code == 302
    assert newest().version == 2


def test_a_team_goes_back_to_the_shipped_questions(client, owner):
    posted(client, owner)
    client.force_login(owner)
    client.post(URL + "shipped/", {"base": 1})
    assert newest().shipped
    assert "as shipped" in text(client, owner, URL)
    assert 'class="badge"' not in text(client, owner, LIST)


@pytest.mark.parametrize("base", ["0", "", "x"])
def test_going_back_from_an_old_page_changes_nothing(client, owner, base):
    posted(client, owner)
    response = client.post(URL + "shipped/", {"base": base}, follow=True)
    assert "owner saved version 1 meanwhile" in response.content.decode()
    assert newest().version == 1


@pytest.mark.parametrize("place", ["D/worker/release", "A/robot/release", "A/worker/holiday", "a/worker/release"])
def test_there_is_no_template_of_what_is_no_place(client, owner, place):
    client.force_login(owner)
    assert client.get(f"{LIST}{place}/").status_code == 404


@pytest.mark.parametrize("person", ["viewer", "teammate", "reviewer"])
def test_only_maintainers_store_anything(client, request, person):
    someone = request.getfixturevalue(person)
    assert posted(client, someone).status_code == 403
    assert posted(client, someone, URL + "shipped/").status_code == 403
    assert not ReviewTemplate.objects.exists()


def test_the_templates_of_another_team_are_not_there(client, owner):
    other = TeamFactory()
    url = reverse("review-template", args=[other.slug, "C", "worker", "release"])
    assert posted(client, owner, url).status_code == 404


def test_what_a_team_writes_is_text_and_no_markup(client, owner):
    posted(client, owner, own=[OWN | {"title": "<script>alert(1)</script>"}], note="<b>bold</b>")
    page = text(client, owner, URL)
    assert "<script>alert" not in page
    assert "<b>bold" not in page
