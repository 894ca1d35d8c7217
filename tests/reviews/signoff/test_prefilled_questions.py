"""What a scan says beside each half-automatic question, on a little shop, and what of it an answer rests on."""

import pytest

from reviews.checklist import read
from reviews.models import ReviewItem, ScanTree
from reviews.signoff import prefill
from reviews.signoff.comparing import Commits, difference
from tests.factories import RepositoryFactory
from tests.reviews.filled import FIRST, SECOND, filled, item
from tests.reviews.scanned import scan_of
from tests.reviews.shop import SHOP

pytestmark = pytest.mark.django_db

ASKED = [item for item in read().items if item.asked and item.prefill]
TABLED = ("Q3", "Q5", "Q6", "Q7", "Q8", "Q10", "Q13", "Q16", "Q18", "Q19", "Q32", "Q33", "Q34", "Q39")
BANK = "http: bank.example.com by requests: timeout 10 s, retries none, on failure raises"
SAID = {
    "Q1": ".github/CODEOWNERS:1 owner by codeowners *",
    "Q2": "slo-missing: fail.",
    "Q3": f"shop/bank.py:11 {BANK}",
    "Q5": "docs/architecture.md:1 Architecture of the shop, reviewed 2026-01-07",
    "Q6": "shop/seen.py:3 cache: cache by redis: timeout none",
    "Q7": f"shop/bank.py:11 {BANK}",
    "Q8": "compose.yaml:5 web: 2 at once",
    "Q9": "shop/work.py:5 queue WAITING lives in the process",
    "Q10": "shop/migrations/0002_note.py:4 shop 0002_note: RemoveField order.note",
    "Q12": "load_tests/peak.py:1 load test",
    "Q13": "shop/work.py:9 lru_cache tax: unbounded",
    "Q14": "shop/bank.py:11 http: bank.example.com by requests",
    "Q16": "shop/settings.py:4 postgresql (default) in settings",
    "Q18": "shop/tasks.py:7 celery task bill: limit hard 60 s, acknowledged late",
    "Q19": "shop/bank.py:7 http: rates.example.com by requests is made to fail",
    "Q21": "pyproject.toml:5 redis: missing from lock",
    "Q22": "k8s/canary.yaml:1 rollout",
    "Q23": "shop/migrations/0002_note.py:4 shop 0002_note: RemoveField order.note",
    "Q25": "README.md:1 https://grafana.example.org/d/shop",
    "Q26": "docs/runbook.md:1 When it is down, reviewed 2026-03-02",
    "Q28": "shop/tasks.py:3 broker: mq by celery",
    "Q30": "docs/runbook.md:1 When it is down, reviewed 2026-03-02",
    "Q32": "shop/api.py:8 GET /api/orders/{number}, asks current_user",
    "Q33": "shop/api.py:13 DELETE /api/orders/{number}, asks nobody who they are",
    "Q34": "shop/settings.py:3 SHOP_SECRET_KEY, documented in .env.example",
    "Q35": "Dockerfile:1 image runs as shop",
    "Q36": "shop/models.py:4 Buyer.email",
    "Q38": "migration-unsafe-while-running: fail.",
    "Q39": "tests/test_bank.py:15 shop.bank.requests.post: 1 patch in 1 test, never made to fail",
    "Q40": "S1 The repository holds no secrets: pass.",
}


@pytest.fixture
def repository(team):
    return RepositoryFactory(team=team, name="shop", tier="A")


def facts(repository, files=SHOP, commit: str = FIRST) -> dict[str, prefill.Facts]:
    """What a scan of these files says to all questions."""
    return prefill.facts(scan_of(repository, files, commit), [one.ref for one in ASKED])


def voided(repository, files) -> set[str]:
    """The questions whose answers do not outlive a change to these files."""
    then, now = facts(repository), facts(repository, files, SECOND)
    return {ref for ref in now if now[ref].digest != then[ref].digest}


def with_(path: str, old: str, new: str) -> dict[str, str]:
    """The shop with other words in one file."""
    assert old in SHOP[path]
    return SHOP | {path: SHOP[path].replace(old, new)}


def test_each_question_with_a_prefill_is_shown_here():
    assert sorted(SAID) == sorted(one.ref for one in ASKED)


@pytest.mark.parametrize("ref", SAID)
def test_a_question_is_prefilled_with_what_the_scan_saw_and_where(repository, ref):
    assert any(line.startswith(SAID[ref]) for line in facts(repository)[ref].lines)


@pytest.mark.parametrize("ref", [ref for ref in SAID if ref not in ("Q1", "Q2", "Q14", "Q28", "Q30", "Q40")])
def test_where_a_repository_has_nothing_of_the_kind_nothing_is_said(repository, ref):
    said = facts(repository, {"shop.py": "print('sold')\n"})[ref]
    assert [line for line in said.lines if ": pass" not in line and "sees no sign" not in line] == []


def test_moved_lines_and_formatting_void_no_answer(repository):
    code = [path for path in SHOP if path.endswith(".py")]
    moved = {
        path: f"# Kept in order.\n\n{SHOP[path]}".replace("number: int, user", "number: int,\n    user")
        for path in code
    }
    assert voided(repository, SHOP | moved) == set()


def test_another_timeout_voids_what_was_decided_about_failures(repository):
    assert voided(repository, with_("shop/bank.py", "timeout=10", "timeout=30")) == {"Q7"}


def test_one_more_call_of_a_known_peer_with_the_same_bounds_voids_nothing_about_peers(repository):
    more = 'def refund(order):\n    return requests.post("https://bank.example.com/refunds", json=order, timeout=10)\n'
    files = SHOP | {"shop/bank.py": f"{SHOP['shop/bank.py']}\n\n{more}"}
    assert voided(repository, files) & {"Q3", "Q5", "Q6", "Q7", "Q14", "Q32"} == set()


def test_a_new_boundary_voids_what_rests_on_all_of_them(repository):
    mail = "import requests\n\n\ndef tell():\n    requests.post('https://mail.example.com', timeout=3)\n"
    assert voided(repository, SHOP | {"shop/mail.py": mail}) >= {"Q3", "Q5", "Q6", "Q7", "Q14", "Q19", "Q32", "Q39"}


def test_a_route_that_asks_who_is_calling_voids_what_was_said_of_public_ones(repository):
    files = with_("shop/api.py", "def drop(number: int)", "def drop(number: int, user=Depends(current_user))")
    assert {"Q33", "Q32"} <= voided(repository, files)
    assert "Q7" not in voided(repository, files)


def test_a_job_that_is_acknowledged_early_voids_what_was_said_of_shutdown(repository):
    files = with_("shop/tasks.py", "acks_late=True, ", "")
    assert {"Q18"} <= voided(repository, files) <= {"Q18", "Q28"}


def test_a_review_tells_what_came_since_the_last_approval_and_rests_on_its_own_commit_alone(repository):
    before = filled(repository)
    orders = "\n\n@router.post('/')\ndef add(number: int) -> dict:\n    return {}\n"
    files = with_("shop/api.py", "\n\napp = FastAPI", f"{orders}\n\napp = FastAPI")
    after = filled(repository, files, SECOND, previous=before, title="3.3.0")
    row = item(after, "Q33")
    assert f"Since {before.title}: new route POST /api/orders/" in row.facts["lines"]
    assert row.facts_digest == prefill.facts(after.scan, ["Q33"])["Q33"].digest


def test_what_came_since_is_not_told_by_other_rules(repository):
    before = filled(repository)
    ScanTree.objects.get(scan=before.scan).scan.__class__.objects.filter(pk=before.scan_id).update(rule_set="older")
    after = filled(repository, SHOP | {"shop/more.py": "import requests\n"}, SECOND, previous=before, title="3.3.0")
    assert not any(line.startswith("Since") for line in item(after, "Q32").facts["lines"])


def test_what_came_since_an_older_approval_is_no_difference_between_two_commits(repository):
    before = prefill.Facts(anchors=("a",), lines=("Since 3.1.0: new route GET /a", "a.py:1 GET /a"))
    after = prefill.Facts(anchors=("a", "b"), lines=("a.py:7 GET /a", "b.py:2 GET /b"))
    commits = Commits(scan_of(repository, SHOP, FIRST), "1111111", "2222222")
    assert difference(ReviewItem(asked=True), before, after, [], commits) == ("changed", "At 2222222: b.py:2 GET /b.")


@pytest.mark.parametrize("ref", TABLED)
def test_a_scan_that_is_older_than_the_tables_still_says_what_its_facts_do(repository, ref):
    scan = scan_of(repository, SHOP, FIRST)
    ScanTree.objects.filter(scan=scan).update(inventory=b"")
    assert prefill.facts(scan, [ref])[ref].lines
