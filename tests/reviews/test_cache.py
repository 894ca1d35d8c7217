"""Answers about blobs, kept in the database."""

from datetime import timedelta

import pytest
from django.utils import timezone

from reviews.cache import DatabaseCache, drop_unused
from reviews.models import BlobResult
from scanners.finding import BlobAnswer, BlobKey

pytestmark = pytest.mark.django_db

LONG_AGO = timedelta(days=40)


def _key(number: int, path_class: str = "python/service") -> BlobKey:
    return BlobKey(f"{number:040x}", path_class)


def _answer(number: int) -> BlobAnswer:
    return {"lines": number, "problem": None, "findings": [{"message": "caf\u00e9 \ud800"}]}


def test_gives_back_what_was_put() -> None:
    cache = DatabaseCache("rules-1")
    cache.put_many({_key(1): _answer(1), _key(2): _answer(2)})
    assert cache.get_many([_key(1), _key(2), _key(3)]) == {_key(1): _answer(1), _key(2): _answer(2)}


def test_the_same_bytes_mean_another_thing_at_another_place() -> None:
    cache = DatabaseCache("rules-1")
    cache.put_many({_key(1): _answer(1)})
    assert cache.get_many([_key(1, "python/test")]) == {}


def test_another_rule_set_knows_nothing() -> None:
    DatabaseCache("rules-1").put_many({_key(1): _answer(1)})
    assert DatabaseCache("rules-2").get_many([_key(1)]) == {}


def test_an_answer_that_is_there_stays() -> None:
    cache = DatabaseCache("rules-1")
    cache.put_many({_key(1): _answer(1)})
    cache.put_many({_key(1): _answer(2), _key(2): _answer(2)})
    assert cache.get_many([_key(1), _key(2)]) == {_key(1): _answer(1), _key(2): _answer(2)}


def test_more_answers_than_a_statement_takes_parameters() -> None:
    cache = DatabaseCache("rules-1")
    answers = {_key(number): _answer(number) for number in range(2500)}
    cache.put_many(answers)
    assert cache.get_many(answers) == answers


def test_what_is_used_is_kept_and_the_rest_dropped() -> None:
    cache = DatabaseCache("rules-1")
    cache.put_many({_key(1): _answer(1), _key(2): _answer(2)})
    BlobResult.objects.update(used_at=timezone.now() - LONG_AGO)
    cache.get_many([_key(1)])
    assert drop_unused(timedelta(days=30)) == 1
    assert set(cache.get_many([_key(1), _key(2)])) == {_key(1)}
