"""Pages of patches: what each state shows, who may ask, and the files that come out."""

import io
import zipfile

import pytest
from django.urls import reverse
from pytest_django.asserts import assertRedirects

from reviews.models import Finding, Patch, Repository, Scan
from reviews.patches import showing
from scanners import registry
from tests.factories import RepositoryFactory, TeamFactory
from tests.reviews.patches.mended import BODY, ready
from tests.reviews.rows import RULE, finished, found, tree
from tests.reviews.waiver_rows import counted

pytestmark = pytest.mark.django_db
REFUSED = [{"finding": 1, "rule": RULE, "path": "capture/bank.py", "line": 118, "why": "It takes <no> keywords."}]


@pytest.fixture
def repository(team) -> Repository:
    made = RepositoryFactory(team=team, name="pay")
    tree(finished(made, rule_set=registry.digest()))
    return made


@pytest.fixture
def finding(repository) -> Finding:
    return found(repository)


def shown(client, person, finding: Finding, **headers: str) -> str:
    client.force_login(person)
    return client.get(reverse("finding", args=[finding.pk]), headers=headers).content.decode()


class TestFinding:
    def test_a_verified_fix_is_shown_as_a_diff_with_what_was_proved(self, client, viewer, finding) -> None:
        patch = ready(finding.repository, finding=finding)
        text = shown(client, viewer, finding)
        assert "this finding is gone, nothing new appeared, the file still parses" in text
        assert '<li class="del"><span class="ln">118</span>' in text
        assert '<li class="add"><span class="ln">118</span>' in text
        assert reverse("download-patch", args=[patch.pk]) in text
        assert "Copy patch <kbd>y</kbd>" in text

    def test_who_may_ask_finds_a_button_and_a_viewer_does_not(self, client, viewer, teammate, finding) -> None:
        assert "Work out the fix" in shown(client, teammate, finding)
        assert "Work out the fix" not in shown(client, viewer, finding)

    def test_what_was_made_for_an_older_commit_says_so(self, client, teammate, finding) -> None:
        ready(finding.repository, finding=finding, commit="abc1234" + "0" * 33, holds_at="abc1234" + "0" * 33)
        text = shown(client, teammate, finding)
        assert "Made for abc1234; the branch is at 7ac01d9." in text
        assert "Make it again" in text

    def test_a_refusal_says_why(self, client, viewer, finding) -> None:
        ready(finding.repository, finding=finding, state="nothing", body=b"", fixed=[], refused=REFUSED)
        text = shown(client, viewer, finding)
        assert "No fix is offered" in text
        assert "It takes &lt;no&gt; keywords." in text

    def test_a_failure_says_what_to_do(self, client, teammate, finding) -> None:
        error = {"error_code": "patch_too_long", "error_message": "Too long.", "error_next": "Ask for less."}
        ready(finding.repository, finding=finding, state="failed", body=b"", **error)
        text = shown(client, teammate, finding)
        assert "<b>Too long.</b> Ask for less." in text
        assert "Try again" in text

    def test_while_it_is_worked_out_the_part_asks_for_itself(self, client, viewer, finding) -> None:
        ready(finding.repository, finding=finding, state="working", body=b"")
        url = reverse("finding-fix", args=[finding.pk])
        assert f'hx-get="{url}" hx-trigger="every 1s"' in shown(client, viewer, finding)
        part = client.get(url, headers={"hx-request": "true"}).content.decode()
        assert part.strip().startswith(f'<section class="stack fix" id="fix-{finding.pk}"')
        assert 'hx-swap-oob="true"' in part

    def test_all_of_its_rule_are_one_button_away(self, client, teammate, finding) -> None:
        found(finding.repository, line=3)
        assert "Patch for all 2" in shown(client, teammate, finding)
        whole = ready(finding.repository, RULE)
        assert f'href="{reverse("patch", args=[whole.pk])}">Patch for all 2' in shown(client, teammate, finding)

    def test_a_finding_that_is_closed_offers_none(self, client, teammate, repository) -> None:
        assert "Work out the fix" not in shown(client, teammate, found(repository, state="fixed"))

    def test_a_rule_without_a_fix_offers_none(self, client, teammate, repository) -> None:
        assert "Work out the fix" not in shown(client, teammate, found(repository, rule="committed-secret-file"))


class TestAsking:
    def test_a_finding_is_asked_for_once(self, client, teammate, repository) -> None:
        finding = found(repository, path="pay.py")
        client.force_login(teammate)
        for _ in range(2):
            assertRedirects(client.post(reverse("ask-fix", args=[finding.pk])), reverse("finding", args=[finding.pk]))
        row = Patch.objects.get()
        assert (row.finding, row.state, row.asked_by) == (finding, "wanted", teammate)

    def test_of_a_rule_leads_to_its_page(self, client, teammate, repository) -> None:
        found(repository, path="pay.py")
        client.force_login(teammate)
        response = client.post(reverse("ask-patch", args=["payments", "pay"]), {"rule": RULE})
        assertRedirects(response, reverse("patch", args=[Patch.objects.get().pk]))

    @pytest.mark.parametrize("rule", ["committed-secret-file", "no-such-rule", "x" * 500, "' OR 1=1"])
    def test_what_nobody_can_mend_is_refused_with_words(self, client, teammate, repository, rule) -> None:
        client.force_login(teammate)
        response = client.post(reverse("ask-patch", args=["payments", "pay"]), {"rule": rule}, follow=True)
        assert "notice-fail" in response.content.decode()
        assert not Patch.objects.exists()

    def test_findings_of_other_rules_cannot_be_looked_up(self, client, teammate, repository) -> None:
        Scan.objects.update(rule_set="older")
        finding = found(repository, path="pay.py")
        client.force_login(teammate)
        response = client.post(reverse("ask-fix", args=[finding.pk]), follow=True)
        assert "made with other rules" in response.content.decode()

    def test_over_the_fleet_only_where_one_may(self, client, teammate, repository) -> None:
        found(repository, path="pay.py")
        other = RepositoryFactory(team=TeamFactory(), name="other")
        tree(finished(other, rule_set=registry.digest()))
        found(other, path="pay.py")
        client.force_login(teammate)
        assertRedirects(client.post(reverse("ask-rule-patches", args=[RULE])), reverse("rule-patches", args=[RULE]))
        assert [row.repository for row in Patch.objects.all()] == [repository]


class TestFiles:
    def test_a_patch_is_saved_under_a_plain_name_and_never_shown(self, client, viewer, finding) -> None:
        client.force_login(viewer)
        response = client.get(reverse("download-patch", args=[ready(finding.repository, RULE).pk]))
        assert response.content == BODY
        assert response["Content-Type"] == "text/x-diff; charset=utf-8"
        assert response["Content-Disposition"] == f'attachment; filename="payments-pay-{RULE}-7ac01d900000.patch"'
        assert response["X-Content-Type-Options"] == "nosniff"

    def test_what_is_not_ready_is_not_there(self, client, viewer, repository) -> None:
        client.force_login(viewer)
        row = ready(repository, RULE, state="failed")
        assert client.get(reverse("download-patch", args=[row.pk])).status_code == 404

    def test_one_archive_holds_those_that_hold(self, client, viewer, finding, team) -> None:
        ready(finding.repository, RULE)
        old = RepositoryFactory(team=team, name="old")
        finished(old)
        ready(old, RULE, holds_at="f" * 40)
        client.force_login(viewer)
        response = client.get(reverse("rule-archive", args=[RULE]))
        with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
            assert archive.namelist() == [f"payments-pay-{RULE}-7ac01d900000.patch"]
            assert archive.read(archive.namelist()[0]) == BODY

    def test_patches_of_other_teams_are_in_no_archive(self, client, stranger, finding) -> None:
        ready(finding.repository, RULE)
        client.force_login(stranger)
        assert client.get(reverse("rule-archive", args=[RULE])).status_code == 404


class TestBadges:
    def test_a_group_of_findings_says_what_one_patch_clears(self, client, viewer, finding) -> None:
        found(finding.repository, line=3)
        ready(finding.repository)
        client.force_login(viewer)
        for url in (reverse("repository-findings", args=["payments", "pay"]), reverse("findings")):
            assert "one patch clears 2" in client.get(url).content.decode()

    def test_of_those_that_are_left_it_says_how_many_are_verified(self, client, viewer, finding) -> None:
        ready(finding.repository)
        found(finding.repository, line=3)
        client.force_login(viewer)
        assert "1 of 2 verified" in client.get(reverse("findings")).content.decode()

    def test_what_a_filter_hides_is_not_counted(self, client, viewer, finding) -> None:
        found(finding.repository, line=3, path="shop/refunds.py")
        ready(finding.repository)
        client.force_login(viewer)
        for url in (reverse("repository-findings", args=["payments", "pay"]), reverse("findings")):
            text = client.get(url, {"q": "refunds"}).content.decode()
            assert "fix verified" in text
            assert "clears 2" not in text

    def test_what_no_longer_holds_is_no_badge(self, client, viewer, finding) -> None:
        ready(finding.repository, holds_at="f" * 40)
        client.force_login(viewer)
        assert "badge-pass" not in client.get(reverse("findings")).content.decode()

    def test_the_way_to_the_next_level_says_which_items_a_patch_clears(self, client, viewer, finding) -> None:
        counted(finding.repository)
        found(finding.repository, line=3)
        ready(finding.repository)
        client.force_login(viewer)
        assert "one patch clears" in client.get(reverse("repository", args=["payments", "pay"])).content.decode()

    def test_fixes_that_are_read_one_by_one_are_no_patch(self, repository) -> None:
        for line in (3, 4):
            ready(repository, finding=found(repository, line=line, rule="subprocess-without-timeout"))
        assert showing.cleared(showing.verified([repository]))["T1"] == showing.Cleared(2, bulk=False)


class TestPages:
    def test_the_patch_page_tells_what_it_clears_changes_and_leaves(self, client, viewer, finding) -> None:
        row = ready(finding.repository, RULE, refused=REFUSED)
        client.force_login(viewer)
        text = client.get(reverse("patch", args=[row.pk])).content.decode()
        assert "clears 1 in 1 file" in text
        assert "It takes &lt;no&gt; keywords." in text
        assert f"git apply payments-pay-{RULE}-7ac01d900000.patch" in text

    def test_that_of_a_finding_is_on_its_page(self, client, viewer, finding) -> None:
        client.force_login(viewer)
        row = ready(finding.repository, finding=finding)
        assertRedirects(client.get(reverse("patch", args=[row.pk])), reverse("finding", args=[finding.pk]))

    def test_polling_ends_with_the_answer(self, client, viewer, repository) -> None:
        client.force_login(viewer)
        row = ready(repository, RULE, state="working", progress={"done": 3, "total": 9})
        url = reverse("patch", args=[row.pk])
        going = client.get(url, headers={"hx-request": "true"})
        assert (going.status_code, "3 of 9 files mended" in going.content.decode()) == (200, True)
        Patch.objects.update(state="ready")
        assert client.get(url, headers={"hx-request": "true"}).status_code == 286

    def test_a_repository_lists_its_rules(self, client, viewer, finding) -> None:
        ready(finding.repository, RULE)
        client.force_login(viewer)
        text = client.get(reverse("repository-patches", args=["payments", "pay"])).content.decode()
        assert "Outgoing HTTP request without a timeout" in text
        assert "verified" in text

    def test_a_rule_lists_its_repositories(self, client, viewer, finding) -> None:
        ready(finding.repository, RULE)
        client.force_login(viewer)
        text = client.get(reverse("rule-patches", args=[RULE])).content.decode()
        assert "1 of 1 have a patch that holds" in text
        assert reverse("rule-archive", args=[RULE]) in text

    def test_a_rule_page_says_what_its_fix_does(self, client, viewer, repository) -> None:
        client.force_login(viewer)
        text = client.get(reverse("rule", args=[RULE])).content.decode()
        assert "What a program mends" in text
        assert reverse("rule-patches", args=[RULE]) in text

    def test_a_rule_without_a_fix_for_many_has_no_such_page(self, client, viewer) -> None:
        client.force_login(viewer)
        assert client.get(reverse("rule-patches", args=["committed-secret-file"])).status_code == 404
