"""Pages of waivers: asking, deciding, what ends soon, and what other programs read of it."""

import csv
from urllib.parse import quote

import pytest
from django.urls import reverse
from django.utils import timezone

from reviews import waived
from reviews.models import Condition, Waiver
from reviews.waivers import feeds
from reviews.waivers.asking import ask
from reviews.waivers.decisions import decide
from reviews.waivers.life import Action
from tests.factories import RepositoryFactory
from tests.reviews.rows import RULE, found
from tests.reviews.waiver_rows import asked_items, counted, in_days, member, waiver, wish

pytestmark = pytest.mark.django_db


@pytest.fixture
def repository(team):
    made = RepositoryFactory(team=team, name="pay", tier="C")
    found(made, line=1)
    counted(made)
    return made


@pytest.fixture
def finding(repository):
    return repository.findings.get()


@pytest.fixture
def lead(team):
    return member(team, "lead", "reviewer", "lead")


@pytest.fixture
def running(repository, finding, teammate, lead):
    return waiver(teammate, lead, repository, finding)


@pytest.fixture
def opened(client):
    """Open a page as somebody, and return the answer and its text."""

    def get(person, name, *args, query=""):
        client.force_login(person)
        answer = client.get(reverse(name, args=args) + query)
        return answer, answer.content.decode()

    return get


@pytest.fixture
def sent(client):
    """Post a form as somebody."""

    def post(person, name, *args, query="", **data):
        client.force_login(person)
        answer = client.post(reverse(name, args=args) + query, data)
        return answer, answer.content.decode()

    return post


PLACE = ("payments", "pay")
FAIR = {"reason": "not-yet", "justification": "Mended in 3.2.1."}


class TestAsking:
    def test_from_a_finding(self, sent, teammate, finding):
        ends = in_days(7).isoformat()
        answer, _ = sent(teammate, "request-waiver", *PLACE, query=f"?finding={finding.pk}", **FAIR, ends_on=ends)
        made = Waiver.objects.get()
        assert (answer.status_code, answer.url) == (302, reverse("waiver", args=[made.pk]))
        assert (made.scope, made.cap, made.ends_on, made.requested_by) == ("finding", 1, in_days(7), teammate)

    def test_a_rule_below_a_folder(self, sent, teammate, finding):
        rest = {"path": "capture/", "cap": "3", "ends_on": in_days(7).isoformat()}
        sent(teammate, "request-waiver", *PLACE, query=f"?rule={RULE}", **FAIR, **rest)
        made = Waiver.objects.get()
        assert (made.scope, made.rule, made.path, made.cap) == ("rule", RULE, "capture/", 3)

    def test_an_item(self, sent, teammate, finding):
        sent(teammate, "request-waiver", *PLACE, query="?item=T1", **FAIR, cap="2", ends_on=in_days(7).isoformat())
        assert (Waiver.objects.get().scope, Waiver.objects.get().item) == ("item", "T1")

    def test_a_false_positive_says_why_and_no_more(self, sent, opened, teammate, finding):
        query = f"?finding={finding.pk}&kind=false-positive"
        _, page = opened(teammate, "request-waiver", *PLACE, query=query)
        assert "Ask for a second look" in page
        assert 'name="ends_on"' not in page
        sent(teammate, "request-waiver", *PLACE, query=query, justification="The client closes it.")
        assert (Waiver.objects.get().kind, Waiver.objects.get().ends_on) == ("false-positive", None)

    def test_what_is_missing_stands_at_its_field(self, sent, teammate, finding):
        late = {"ends_on": in_days(31).isoformat(), "reason": "compensated", "justification": ""}
        answer, page = sent(teammate, "request-waiver", *PLACE, query=f"?finding={finding.pk}", **late)
        assert answer.status_code == 422
        assert page.count('aria-invalid="true"') == 3
        assert "30 days at most" in page
        assert not Waiver.objects.exists()

    def test_what_does_not_belong_to_the_form_is_said_above_it(self, sent, teammate, finding, repository):
        ask(wish(repository, finding), teammate)
        fair = FAIR | {"ends_on": in_days(7).isoformat()}
        answer, page = sent(teammate, "request-waiver", *PLACE, query=f"?finding={finding.pk}", **fair)
        assert answer.status_code == 422
        assert "teammate asked for it already" in page

    @pytest.mark.parametrize(
        "query",
        ["?finding=9999", "?finding=x", "?rule=no-such-rule", "?item=Z9", "?extends=99", "?finding=" + "9" * 40],
    )
    def test_what_is_not_there_is_not_found(self, opened, teammate, repository, query):
        assert opened(teammate, "request-waiver", *PLACE, query=query)[0].status_code == 404

    def test_without_a_scope_one_chooses(self, opened, teammate, finding):
        _, page = opened(teammate, "request-waiver", *PLACE)
        assert f"?rule={RULE}" in page
        assert "?item=T1" in page

    def test_an_extension_shows_what_it_follows(self, opened, sent, teammate, running):
        _, page = opened(teammate, "request-waiver", *PLACE, query=f"?extends={running.pk}")
        assert "This is a new request" in page
        late = FAIR | {"ends_on": in_days(20).isoformat()}
        sent(teammate, "request-waiver", *PLACE, query=f"?extends={running.pk}", **late)
        assert Waiver.objects.get(extends=running).state == "requested"


class TestDeciding:
    @pytest.fixture
    def asked(self, repository, finding, teammate):
        return ask(wish(repository, finding), teammate)

    def test_an_approver_approves_on_the_page(self, opened, sent, lead, asked):
        _, page = opened(lead, "waiver", asked.pk)
        assert "Approve until" in page
        answer, _ = sent(lead, "move-waiver", asked.pk, action="approve", version="0", note="")
        asked.refresh_from_db()
        assert (answer.status_code, asked.state, asked.decided_by) == (302, "approved", lead)

    def test_declining_needs_a_reason(self, sent, lead, asked):
        answer, page = sent(lead, "move-waiver", asked.pk, action="decline", version="0", note=" ")
        assert answer.status_code == 422
        assert "Say why" in page

    def test_who_asked_sees_why_they_cannot_decide(self, opened, sent, teammate, lead, asked):
        _, page = opened(teammate, "waiver", asked.pk)
        assert "You asked for it. Somebody else has to decide." in page
        assert "They were told: lead" in page
        assert 'value="approve"' not in page
        answer, page = sent(teammate, "move-waiver", asked.pk, action="approve", version="0")
        assert answer.status_code == 403
        assert "Somebody else has to decide" in page

    def test_the_second_of_two_sees_who_was_first(self, sent, lead, asked, team):
        other = member(team, "other", "reviewer", "security")
        decide(Action.DECLINE, asked, other, note="Mend it.")
        answer, page = sent(lead, "move-waiver", asked.pk, action="approve", version="0", note="Fine by me.")
        assert answer.status_code == 409
        assert "other declined the waiver for" in page
        assert "They said: “Mend it.”" in page
        assert "Fine by me." in page

    def test_when_nobody_may_decide_the_page_says_what_to_do(self, opened, teammate, asked):
        assert "Ask a maintainer to give somebody the duty." in opened(teammate, "waiver", asked.pk)[1]

    @pytest.mark.parametrize("data", [{"action": "end"}, {"action": "approve"}, {"action": "approve", "version": "x"}])
    def test_nonsense_is_refused(self, sent, lead, asked, data):
        assert sent(lead, "move-waiver", asked.pk, **data)[0].status_code == 422


class TestPage:
    def test_shows_what_it_covers_why_and_what_happened(self, opened, viewer, running, finding):
        _, page = opened(viewer, "waiver", running.pk)
        assert f"{finding.path}:{finding.line}" in page
        assert "The peer closes after 5 s" in page
        assert "lead approved the waiver for" in page
        assert "7 days left" in page
        assert "Ask for an extension" not in page

    def test_says_of_a_false_positive_that_its_code_changed(self, opened, teammate, lead, repository, finding):
        given = waiver(teammate, lead, repository, finding, kind="false-positive")
        finding.anchor = "other code"
        finding.save()
        assert "The code at the place has changed" in opened(teammate, "waiver", given.pk)[1]

    def test_keeps_its_name_when_what_it_covered_is_fixed(self, opened, viewer, running, finding):
        finding.state = "fixed"
        finding.save()
        _, page = opened(viewer, "waiver", running.pk)
        assert "<h1>Outgoing HTTP request without a timeout</h1>" in page
        assert "What it covers" not in page

    def test_of_another_team_is_not_there(self, opened, stranger, running):
        assert opened(stranger, "waiver", running.pk)[0].status_code == 404


class TestFindings:
    def test_a_covered_one_is_shown_as_waived(self, opened, viewer, running, finding):
        _, page = opened(viewer, "finding", finding.pk)
        assert "Waived" in page
        assert f'by lead until <time datetime="{running.ends_on}' in page

    @pytest.mark.parametrize(
        ("state", "said"),
        [("open", "0 findings"), ("waived", "1 finding,"), ("false-positive", "0 findings"), ("all", "1 finding<")],
    )
    def test_lists_filter_by_it(self, opened, viewer, running, state, said):
        for name, args in (("findings", ()), ("repository-findings", PLACE)):
            assert said in opened(viewer, name, *args, query=f"?state={state}")[1]

    def test_the_finding_offers_both_requests(self, opened, teammate, viewer, finding):
        _, page = opened(teammate, "finding", finding.pk)
        assert f"?finding={finding.pk}&amp;kind=false-positive" in page
        assert "Ask for a waiver" in page
        assert "Ask for a waiver" not in opened(viewer, "finding", finding.pk)[1]

    def test_what_nothing_excuses_offers_no_waiver(self, opened, teammate, repository):
        secret = found(repository, rule="hardcoded-secret", severity="critical")
        _, page = opened(teammate, "finding", secret.pk)
        assert "Ask for a waiver" not in page
        assert "Ask for a false positive" in page

    def test_places_of_a_rule_tell_the_excused_apart(self, opened, viewer, running):
        _, page = opened(viewer, "sites", *PLACE, RULE)
        assert "At fault, and excused" in page
        assert "No site is at fault." in page

    def test_the_scorecard_shows_both_scores(self, opened, viewer, running):
        assert "without waivers" in opened(viewer, "repository", *PLACE)[1]


class TestAgenda:
    @pytest.fixture
    def condition(self, repository, teammate, lead):
        review = asked_items(repository, "approved-with-conditions", {}, decided_at=timezone.now())
        due = {"due_on": in_days(-1), "owner": teammate, "verifier": lead, "added_by": lead}
        return Condition.objects.create(review=review, text="Rehearse the rollback.", **due)

    def test_lists_what_runs_by_its_end(self, opened, viewer, running, condition):
        _, page = opened(viewer, "waivers")
        assert page.index("Rehearse the rollback.") < page.index("The peer closes after 5 s")
        assert "1 day over" in page
        assert "7 days left" in page
        assert "What ends when: 1 over, 1 within ten days, 0 later" in page
        assert f"{reverse('review', args=[condition.review_id])}#conditions" in page

    def test_says_what_happens_when_nothing_is_done(self, opened, viewer, running, repository):
        assert repository.findings.exists()
        assert "gate fails" in opened(viewer, "waivers")[1]

    def test_only_those_who_may_are_offered_to_approve(self, opened, repository, finding, teammate, lead, viewer):
        asked = ask(wish(repository, finding), teammate)
        assert reverse("move-waiver", args=[asked.pk]) in opened(lead, "waivers")[1]
        for person in (teammate, viewer):
            assert reverse("move-waiver", args=[asked.pk]) not in opened(person, "waivers")[1]

    def test_its_buttons_can_be_pressed(self, opened, repository, finding, teammate, lead):
        ask(wish(repository, finding), teammate)
        page = opened(lead, "waivers")[1]
        forms = page.split('<form method="post"')[1:]
        assert forms
        assert all("csrfmiddlewaretoken" in form.split("</form>")[0] for form in forms)

    def test_counts_in_the_head_what_presses(self, opened, repository, finding, teammate, lead, viewer):
        ask(wish(repository, finding), teammate)
        assert "need you or end within ten days" in opened(lead, "waivers")[1]
        assert "need you or end within ten days" not in opened(viewer, "waivers")[1]

    def test_filters_by_team_and_kind(self, opened, viewer, running, condition):
        assert "The peer closes" not in opened(viewer, "waivers", query="?kind=condition")[1]
        assert "Rehearse" not in opened(viewer, "waivers", query="?kind=waiver")[1]
        assert "Nothing runs that fits the filter" in opened(viewer, "waivers", query="?team=search")[1]

    def test_false_positives_have_a_list_of_their_own(self, opened, viewer, repository, finding, teammate, lead):
        waiver(teammate, lead, repository, finding, kind="false-positive")
        assert "The peer closes" not in opened(viewer, "waivers")[1]
        assert "when the code changes" in opened(viewer, "waivers", query="?kind=false-positive")[1]

    def test_lists_what_came_to_its_end(self, opened, viewer, running, lead):
        decide(Action.REVOKE, running, lead, note="Leaked.")
        _, page = opened(viewer, "waivers")
        assert "revoked by lead" in page

    def test_others_see_nothing_of_it(self, opened, stranger, running, condition):
        _, page = opened(stranger, "waivers")
        assert "Nothing runs" in page

    def test_the_number_of_queries_does_not_grow(
        self, client, viewer, running, repository, teammate, lead, django_assert_max_num_queries
    ):
        for line in range(2, 7):
            waiver(teammate, lead, repository, found(repository, line=line))
        client.force_login(viewer)
        with django_assert_max_num_queries(24):
            client.get(reverse("waivers"))


class TestFeeds:
    def test_the_calendar_needs_its_token_and_no_sign_in(self, client, viewer, running):
        answer = client.get(reverse("waiver-feed"), {"token": feeds.token(viewer)})
        lines = answer.content.decode().split("\r\n")
        assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
        assert f"DTSTART;VALUE=DATE:{running.ends_on:%Y%m%d}" in lines
        assert any(line.startswith(f"UID:waiver-{running.pk}@") for line in lines)

    def test_it_shows_what_its_person_may_see(self, client, stranger, running):
        answer = client.get(reverse("waiver-feed"), {"token": feeds.token(stranger)})
        assert b"VEVENT" not in answer.content

    def test_a_new_password_a_closed_account_and_a_forged_token_end_it(self, client, viewer, running):
        old = feeds.token(viewer)
        viewer.set_password("another long password")
        viewer.save()
        assert client.get(reverse("waiver-feed"), {"token": old}).status_code == 404
        now = feeds.token(viewer)
        assert client.get(reverse("waiver-feed"), {"token": now[:-1] + "-"}).status_code == 404
        viewer.is_active = False
        viewer.save()
        assert client.get(reverse("waiver-feed"), {"token": now}).status_code == 404

    def test_the_address_stands_on_its_page(self, opened, viewer):
        assert quote(feeds.token(viewer)) in opened(viewer, "waiver-calendar")[1]

    def test_the_table_holds_everything_and_starts_no_formula(self, opened, repository, finding, teammate, viewer):
        ask(wish(repository, finding, justification="=HYPERLINK(1)"), teammate)
        answer, text = opened(viewer, "export-waivers")
        rows = list(csv.reader(text.splitlines()))
        assert rows[1][:4] == ["waiver", "requested", RULE, "pay"]
        assert "'=HYPERLINK(1)" in rows[1]
        assert f"plimsoll-waivers-{waived.today()}.csv" in answer.headers["Content-Disposition"]
