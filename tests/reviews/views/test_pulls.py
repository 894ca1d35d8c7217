"""The pages of pull requests."""

import pytest
from django.urls import reverse

from reviews.models import Scan
from tests.factories import RepositoryFactory, ScanFactory
from tests.reviews.pull_rows import finding, judged, proposal

pytestmark = pytest.mark.django_db
PULLS = "/repositories/payments/pay/pulls/"
ONE = PULLS + "7/"


@pytest.fixture
def pay(team):
    return RepositoryFactory(team=team, name="pay", provider="github")


@pytest.fixture
def pull(pay):
    return proposal(pay)


@pytest.fixture
def see(client, viewer):
    """What a viewer sees at an address."""
    client.force_login(viewer)
    return lambda url: client.get(url).content.decode()


class TestList:
    def test_an_empty_one_says_how_the_forge_reports(self, see, pay):
        text = see(PULLS)
        assert "No pull request yet" in text
        assert reverse("repository-webhook", args=["payments", "pay"]) in text

    def test_each_shows_what_it_changes(self, see, pull):
        judged(pull, (finding(),), (finding(path="old.py"), finding(path="older.py")), level="bronze")
        text = see(PULLS)
        assert "#7 Take wallets" in text
        assert "It makes the service less ready" in text
        assert 'data-l="new">+1</td>' in text
        assert 'data-l="fixed">\N{MINUS SIGN}2</td>' in text
        assert "Silver</span>" in text
        assert "Bronze</span>" in text

    def test_one_that_waits_says_so(self, see, pull):
        ScanFactory(repository=pull.repository, pull_request=pull, branch=pull.ref)
        text = see(PULLS)
        assert "scanning" in text
        assert "Not looked at yet" in text

    def test_closed_ones_can_be_left_out(self, see, pull):
        proposal(pull.repository, 8, state="closed", title="Old idea")
        assert "Old idea" in see(PULLS)
        assert "Old idea" not in see(PULLS + "?state=open")

    def test_gitlab_has_merge_requests(self, see, pull):
        pull.repository.provider = "gitlab"
        pull.repository.save()
        text = see(PULLS)
        assert "!7 Take wallets" in text
        assert "Merge requests" in text
        assert "ull request" not in text

    def test_few_queries_however_many(self, see, pay, django_assert_max_num_queries):
        for number in range(1, 21):
            judged(proposal(pay, number), (finding(),) * 50)
        with django_assert_max_num_queries(14):
            see(PULLS)


class TestPage:
    def test_shows_answer_reason_and_next_step(self, see, pull):
        judged(pull, (finding(),))
        text = see(ONE)
        assert "It makes the service less ready" in text
        assert "1 new finding of high or critical severity; level silver, 1 new, 0 fixed." in text
        assert "Fix what is new and severe, or ask for a waiver." in text

    def test_shows_new_findings_with_their_code(self, see, pull):
        judged(pull, (finding(),))
        text = see(ONE)
        assert "capture/bank.py:118" in text
        assert "session" in text
        assert "It has no timeout." in text

    def test_lists_what_is_fixed_and_counts_what_is_not_kept(self, see, pull):
        judged(pull, (finding(),) * 130, (finding(path="old.py"),), new=700)
        text = see(ONE)
        assert "old.py:118" in text
        assert "580 more are counted and not listed." in text

    def test_says_what_it_was_compared_with(self, see, pull):
        judged(pull)
        text = see(ONE)
        assert "1234567</span>, where it left the branch" in text
        assert "No finding is new." in text

    def test_says_what_is_waived_and_hidden(self, see, pull):
        judged(
            pull, (finding(waived=True),), files=[10, 8], excluded=[0, 2], gone={"The file is no longer scanned.": 3}
        )
        text = see(ONE)
        assert "Waived" in text
        assert "It leaves 20.0% of the files out of scans, before 0.0%." in text
        assert "nobody fixed them: 3. The file is no longer scanned." in text

    def test_a_failed_scan_is_told(self, see, pull):
        scan = ScanFactory(
            repository=pull.repository,
            pull_request=pull,
            branch=pull.ref,
            state="failed",
            error_message="It is silent.",
        )
        pull.latest_scan = scan
        pull.save()
        assert "The scan failed: it is silent." in see(ONE)

    def test_one_that_nobody_looked_at(self, see, pull):
        assert "No scan of it has ended yet." in see(ONE)

    def test_one_that_runs_leads_to_its_scan(self, see, pull):
        judged(pull)
        scan = ScanFactory(repository=pull.repository, pull_request=pull, branch=pull.ref, wanted_commit="6" * 40)
        text = see(ONE)
        assert f'<a href="{reverse("scan", args=[scan.pk])}">Scan {scan.pk}</a> looks at its head' in text
        assert "What follows is older." in text

    def test_a_fork_that_is_not_shown_says_what_to_do(self, see, pay):
        proposal(pay, ref="")
        assert "Push the branch to the repository itself." in see(ONE)

    def test_leads_to_the_forge_when_its_page_is_known(self, see, pull):
        assert 'href="https://forge.example.org/pulls/7"' in see(ONE)
        proposal(pull.repository, 8, url="")
        assert "Open at the forge" not in see(PULLS + "8/")

    def test_nothing_in_it_is_markup(self, see, pay):
        bad = "<script>alert(1)</script>"
        pull = proposal(pay, title=bad, author=bad, source=bad)
        judged(pull, (finding(path=bad, message=bad, snippet=[[1, bad, True]]),), (finding(path=bad, message=bad),))
        assert bad not in see(ONE) + see(PULLS)

    def test_a_number_that_nobody_gave(self, client, viewer, pay):
        client.force_login(viewer)
        assert client.get(PULLS + "99/").status_code == 404
        assert client.get(PULLS + "99999999999999999999999/").status_code == 404


class TestScanAgain:
    def test_asks_for_its_head(self, client, teammate, pull):
        client.force_login(teammate)
        answer = client.post(ONE + "scan/")
        scan = Scan.objects.get()
        assert answer.headers["Location"] == reverse("scan", args=[scan.pk])
        assert (scan.pull_request, scan.wanted_commit, scan.requested_by) == (pull, pull.head, teammate)

    @pytest.mark.parametrize("fields", [{"state": "closed"}, {"ref": ""}])
    def test_refuses_what_cannot_be_scanned(self, client, teammate, pay, fields):
        proposal(pay, **fields)
        client.force_login(teammate)
        text = client.post(ONE + "scan/", follow=True).content.decode()
        assert "Nothing was asked for." in text
        assert not Scan.objects.exists()


class TestScanPage:
    def test_says_what_it_is_of(self, see, pull):
        text = see(reverse("scan", args=[judged(pull).pk]))
        assert f'<a class="in-text" href="{ONE}">pull request #7</a>' in text
        assert "Findings of the repository follow its branch alone." in text

    def test_one_that_ended_with_its_pull_request_says_so(self, see, pull):
        scan = ScanFactory(repository=pull.repository, pull_request=pull, branch=pull.ref, state="superseded")
        assert "It was closed before a worker took it up." in see(reverse("scan", args=[scan.pk]))
