"""Recording, reading, heads and exports of the audit log, in the real database."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from reviews import intake, members
from reviews.audit import signing, trail
from reviews.audit.chain import GENESIS, digest
from reviews.audit.tampering import examine
from reviews.models import AuditEvent, Membership, Repository, Review, SignOff
from tests.factories import MembershipFactory, RepositoryFactory, TeamFactory, UserFactory
from tests.reviews.signed import signed_off

pytestmark = pytest.mark.django_db


def record(team, text="Something happened", kind="thing-happened", actor=None, **data):
    with transaction.atomic():
        return trail.record(team, actor, kind, team, text, **data)


def kinds(team) -> list[str]:
    return list(AuditEvent.objects.filter(team=team).values_list("kind", flat=True))


class TestRecord:
    def test_events_of_a_team_form_a_chain(self, team, owner):
        first = record(team, actor=owner, commit="c" * 40, rounds=[1, 2])
        second = record(team)
        assert (first.seq, first.previous, first.actor, first.actor_key) == (1, GENESIS, "owner", owner.pk)
        assert (second.seq, second.previous, second.actor, second.actor_key) == (2, first.digest, "plimsoll", None)
        assert (first.subject, first.data) == (f"team:{team.pk}", f'{{"commit":"{"c" * 40}","rounds":[1,2]}}')
        assert [row.digest for row in trail.rows(team.pk)] == [digest(row) for row in trail.rows(team.pk)]

    def test_teams_have_chains_of_their_own(self, team):
        other = TeamFactory()
        record(team)
        assert record(other).seq == 1
        assert examine(trail.rows(other.pk)).count == 1

    def test_the_time_is_exact_and_in_utc(self, team):
        before = timezone.now()
        at = record(team).at
        assert len(at) == 32
        assert timedelta(0) <= timezone.datetime.fromisoformat(at) - before < timedelta(minutes=1)

    @pytest.mark.parametrize(
        "text", ["nul \0", "half \ud800 of a pair", "ça \N{SNOWMAN} \U0001f600", "a\nb", "", "\\x00"]
    )
    def test_any_text_is_stored_and_stays_in_the_chain(self, team, text):
        record(team, text, actor=UserFactory.build(pk=5, username="odd\udc80"), note=text, **{"key " + text: [text]})
        assert examine(trail.rows(team.pk)).faults == ()
        stored = AuditEvent.objects.get()
        assert json.loads(stored.data)["note"] == text

    @pytest.mark.parametrize("kind", ["Review", "review_signed", "", "review-", "x y"])
    def test_a_kind_is_a_kebab_case_word(self, team, kind):
        with pytest.raises(ValueError, match="no kind of event"):
            record(team, kind=kind)

    def test_a_float_is_refused_and_nothing_is_recorded(self, team):
        with pytest.raises(TypeError, match=r"data.score is the float 0.5"):
            record(team, score=0.5)
        assert not AuditEvent.objects.exists()

    def test_data_may_be_called_like_anything(self, team):
        assert json.loads(record(team, subject=1, self=2).data) == {"self": 2, "subject": 1}

    def test_what_is_undone_is_not_recorded(self, team):
        record(team)
        with transaction.atomic():
            record(team)
            transaction.set_rollback(True)
        assert record(team).seq == 2


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_twenty_threads_make_one_chain_without_a_gap(self, team):
        def work(number: int) -> None:
            try:
                for _ in range(5):
                    record(team, f"Thread {number}")
            finally:
                connection.close()

        with ThreadPoolExecutor(20) as pool:
            list(pool.map(work, range(20)))
        examined = examine(trail.rows(team.pk))
        assert (examined.count, examined.faults) == (100, ())

    def test_an_event_outside_of_a_transaction_is_refused(self, team):
        with pytest.raises(TransactionManagementError, match="Record an event in the transaction"):
            trail.record(team, None, "thing-happened", team, "x")
        assert not AuditEvent.objects.exists()


class TestHead:
    def test_it_names_the_last_row_and_is_signed(self, team):
        record(team)
        last = record(team)
        payload = signing.check(trail.HEAD, trail.head(team))
        assert (payload["team"], payload["team_id"]) == ("payments", team.pk)
        assert (payload["seq"], payload["digest"]) == (2, last.digest)

    def test_of_an_empty_log_it_is_the_beginning(self, team):
        payload = signing.check(trail.HEAD, trail.head(team))
        assert (payload["seq"], payload["digest"]) == (0, GENESIS)

    def test_an_export_has_every_row_and_the_head_of_them_as_its_last_line(self, team, owner):
        for number in range(3):
            record(team, f"Event {number} \N{SNOWMAN}", actor=owner)
        *lines, last = map(json.loads, trail.export(team))
        assert lines == [row._asdict() for row in trail.rows(team.pk)]
        assert signing.check(trail.HEAD, last)["digest"] == lines[-1]["digest"]


class TestSignOffDigest:
    @pytest.fixture
    def sign_off(self, team, reviewer) -> SignOff:
        return signed_off(RepositoryFactory(team=team), reviewer, note="ça va \N{SNOWMAN}")

    def test_it_is_the_same_before_and_after_storing(self, sign_off):
        assert trail.sign_off_digest(sign_off) == trail.sign_off_digest(SignOff.objects.get())

    def test_it_covers_everything_that_is_stored(self, sign_off):
        digests = {trail.sign_off_digest(sign_off)}
        others = {field.attname: 99 for field in SignOff._meta.concrete_fields} | {"at": timezone.now()}
        for name, other in others.items():
            stored = SignOff.objects.get()
            setattr(stored, name, other)
            digests.add(trail.sign_off_digest(stored))
        assert len(digests) == len(SignOff._meta.concrete_fields) + 1


class TestWhatIsRecorded:
    def test_who_makes_joins_and_leaves_a_team(self, admin):
        team, person = TeamFactory.build(name="Customs"), UserFactory(username="newcomer")
        members.make_team(team, admin)
        membership = members.add(team, person, "viewer", by=admin)
        members.change_role(membership, "reviewer", by=admin)
        members.change_role(membership, "reviewer", by=admin)
        members.remove(Membership.objects.get(pk=membership.pk), by=admin)
        texts = list(AuditEvent.objects.values_list("text", flat=True))
        assert kinds(team) == ["team-created", "member-added", "member-added", "member-role-changed", "member-removed"]
        assert texts[2:] == [
            "admin added newcomer as viewer",
            "admin made newcomer reviewer, who was viewer",
            "admin removed newcomer, who was reviewer",
        ]

    def test_a_refused_change_is_not_recorded(self, team, owner):
        with pytest.raises(members.LastMaintainerError):
            members.remove(Membership.objects.get(user=owner), by=owner)
        assert kinds(team) == []

    def test_a_repository_that_comes_and_goes(self, team, owner):
        wish = intake.Registration(name="Pay", url="https://git.example.org/pay.git", credential="hunter2")
        repository = intake.add(team, wish, by=owner)
        intake.save_settings(repository, {"tier": ["B", "A"]}, by=owner)
        intake.save_settings(repository, {}, by=owner)
        intake.remove(repository, by=owner)
        assert kinds(team) == ["repository-registered", "repository-changed", "repository-removed"]
        assert "owner changed the repository Pay: tier" in AuditEvent.objects.get(seq=2).text
        assert "hunter2" not in "".join(trail.export(team))

    def test_a_repository_goes_with_its_sign_offs_and_the_log_stays(self, team, owner, reviewer):
        repository = RepositoryFactory(team=team)
        signed_off(repository, reviewer)
        intake.remove(repository, by=owner)
        assert [model.objects.count() for model in (Repository, Review, SignOff)] == [0, 0, 0]
        assert kinds(team) == ["review-signed", "repository-removed"]

    def test_settings_are_recorded_by_name_and_a_token_only_as_replaced(self, client, team, owner):
        repository = RepositoryFactory(team=team, name="pay", tier="B")
        given = {"name": "pay", "url": repository.url, "branch": "main", "tier": "A", "kind": "http-api"}
        client.force_login(owner)
        client.post("/repositories/payments/pay/settings/", given | {"credential": "hunter2"})
        assert json.loads(AuditEvent.objects.get().data) == {"credential": ["", "replaced"], "tier": ["B", "A"]}
        client.post("/repositories/payments/pay/settings/", given | {"forget": "on"})
        assert json.loads(AuditEvent.objects.get(seq=2).data) == {"credential": ["", "forgotten"]}

    def test_a_team_with_a_log_is_not_deleted(self, team):
        MembershipFactory(team=team)
        record(team)
        with pytest.raises(Exception, match="protected"):
            team.delete()
