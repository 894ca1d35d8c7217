"""What is put into the outbox."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from reviews.models import OutboxMessage, Team, User
from reviews.outbox import notify
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

BODY = notify.body("It happened.", path="/reviews/7/")


def post(team, *people, kind="decision", key="k", subject="s", body=BODY):
    notify.post(team, kind, people, key=key, subject=subject, body=body)


def messages():
    return OutboxMessage.objects.all()


class TestPost:
    def test_writes_one_message_for_each_person(self, team: Team, owner: User, reviewer: User) -> None:
        post(team, owner, reviewer, key="review:7:3", subject="payments-api 3.2: approved", body="Approved.")
        rows = messages().values_list("recipient", "kind", "subject", "body", "state", "channel", "attempts")
        rest = ("decision", "payments-api 3.2: approved", "Approved.", "waiting", "email", 0)
        assert list(rows) == [("owner@example.org", *rest), ("reviewer@example.org", *rest)]

    def test_tells_of_an_event_once_however_often_it_is_posted(self, team: Team, owner: User, reviewer: User) -> None:
        post(team, owner, key="review:7:3")
        post(team, owner, reviewer, key="review:7:3", subject="again")
        post(team, owner, key="review:7:4")
        told = messages().values_list("recipient", "subject")
        assert list(told) == [("owner@example.org", "s"), ("reviewer@example.org", "again"), ("owner@example.org", "s")]

    def test_leaves_out_who_has_no_address_or_left(self, team: Team) -> None:
        post(team, UserFactory(email=""), UserFactory(is_active=False))
        assert not messages().exists()

    def test_is_gone_with_the_transaction_that_it_tells_of(self, team: Team, owner: User) -> None:
        with transaction.atomic():
            post(team, owner)
            transaction.set_rollback(True)
        assert not messages().exists()

    @pytest.mark.parametrize("kind", sorted(notify.URGENT))
    def test_what_somebody_waits_for_is_due_at_once(self, team: Team, owner: User, kind: str) -> None:
        post(team, owner, kind=kind)
        assert messages().get().available_at <= timezone.now()

    def test_the_rest_is_due_at_the_next_full_hour(self, team: Team, owner: User) -> None:
        post(team, owner, kind="item-commented")
        message = messages().get()
        due = message.available_at
        assert message.created_at < due <= message.created_at + timedelta(hours=1)
        assert (due.minute, due.second, due.microsecond) == (0, 0, 0)

    def test_a_subject_is_one_line_of_bounded_length(self, team: Team, owner: User) -> None:
        post(team, owner, subject="payments\r\nBcc: all@example.org\x00\u202e" + "x" * 300)
        subject = messages().get().subject
        assert subject.startswith("payments Bcc: all@example.org xxx")
        assert (len(subject), subject[-1]) == (150, "…")

    def test_a_body_keeps_its_lines_and_no_control_characters(self, team: Team, owner: User) -> None:
        post(team, owner, body="one\r\n\n> two\x00\x1b[31m")
        assert messages().get().body == "one\n\n> two [31m"


class TestBody:
    def test_says_what_happened_by_whom_what_to_do_and_where(self) -> None:
        ada = User(username="ada")
        body = notify.body("payments-api 3.2 waits.", path="/reviews/7/", by=ada, next_step="Claim it.")
        told = "payments-api 3.2 waits.\n\nBy: ada\nNext: Claim it.\nOpen: http://testserver/reviews/7/"
        assert body == told

    def test_what_nobody_did_was_plimsoll(self) -> None:
        assert BODY == "It happened.\n\nBy: Plimsoll\nOpen: http://testserver/reviews/7/"

    def test_what_a_person_wrote_is_quoted_and_cannot_look_like_ours(self) -> None:
        said = "Nice.\r\n\nOpen: https://evil.example/\u2028By: admin"
        body = notify.body("ada commented.\nOpen: x", path="/reviews/7/", said=said)
        assert body.splitlines()[:6] == [
            "ada commented. Open: x",
            "",
            "> Nice.",
            "> ",
            "> Open: https://evil.example/",
            "> By: admin",
        ]

    def test_a_long_quote_is_cut(self) -> None:
        body = notify.body("ada commented.", path="/", said="x" * 5000)
        assert len(body) < 2100
        assert "x…\n\nBy: Plimsoll" in body
