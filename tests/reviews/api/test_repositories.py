"""The repositories that a token lists."""

import pytest

from tests.factories import RepositoryFactory
from tests.reviews.api.asking import refusal

pytestmark = pytest.mark.django_db


def test_the_teams_own_repositories_are_listed_with_their_level(program, pay, scan):
    RepositoryFactory()
    (listed,) = program.get("/repositories").json()["repositories"]
    assert listed == {
        "id": pay.pk,
        "name": "pay",
        "slug": "pay",
        "team": "payments",
        "tier": "C",
        "page": "http://testserver/repositories/payments/pay/",
        "url": "https://git.example.org/pay.git",
        "branch": "main",
        "sub_path": "",
        "level": "gold",
    }


def test_a_repository_without_a_scan_has_no_level(program, pay):
    assert program.get("/repositories").json()["repositories"][0]["level"] is None


def test_a_token_of_the_repository_is_no_part_of_the_answer(program, pay):
    pay.credential = "token:very-secret"
    pay.save()
    assert "very-secret" not in program.get("/repositories").content.decode()


def test_many_are_listed_page_by_page(program, team):
    made = sorted(RepositoryFactory(team=team).pk for _ in range(5))
    found, page = [], program.get("/repositories", limit=2).json()
    while page:
        found += [one["id"] for one in page["repositories"]]
        further = page["next"]
        page = further and program.client.get(further, headers=program.headers).json()
    assert found == made


def test_a_full_last_page_names_no_next_one(program, team):
    RepositoryFactory.create_batch(2, team=team)
    assert program.get("/repositories", limit=2).json()["next"] is None


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 201}, {"limit": "x"}, {"after": -1}, {"after": 2**63}])
def test_limits_have_limits(program, query):
    assert refusal(program.get("/repositories", **query)) == (422, "input_malformed")


def test_the_number_of_queries_does_not_grow_with_the_repositories(program, team, django_assert_num_queries):
    RepositoryFactory.create_batch(30, team=team)
    program.get("/repositories")
    with django_assert_num_queries(2):
        program.get("/repositories")
