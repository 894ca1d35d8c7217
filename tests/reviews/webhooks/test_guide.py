"""How a hook is set up: every value is there to be copied, and the events are those that are read."""

import dataclasses

import pytest

from reviews.models import Repository
from reviews.webhooks import guide, providers

URL, SECRET = "https://plimsoll.example.org/hooks/abc/", "s3cr3t-of-this-hook"


@pytest.mark.parametrize("name", providers.PROVIDERS)
def test_a_guide_holds_the_address_and_the_secret_to_copy(name):
    made = guide.steps(name, URL, SECRET)
    values = [(field.value, field.is_secret) for field in made.fields]
    assert values.count((URL, False)) == 1
    assert values.count((SECRET, True)) == 1
    assert [value for value, is_secret in values if is_secret] == [SECRET]


@pytest.mark.parametrize("name", providers.PROVIDERS)
def test_a_guide_leaves_nothing_empty_and_quotes_the_secret_only_in_its_field(name):
    made = dataclasses.asdict(guide.steps(name, URL, SECRET))
    assert [key for key, value in made.items() if not value] == []
    assert SECRET not in str({key: value for key, value in made.items() if key != "fields"})
    assert all(field["label"] and field["value"] for field in made["fields"])


def test_every_provider_of_a_repository_has_a_guide_under_its_name():
    assert {name: guide.steps(name, URL, SECRET).forge for name in Repository.Provider.values} == dict(
        Repository.Provider.choices
    )


@pytest.mark.parametrize(
    ("name", "events"),
    [
        ("github", ("Pushes", "Pull requests", "Releases")),
        ("gitlab", ("Push events", "Tag push events", "Merge request events", "Releases events")),
        ("gitea", ("Push", "Pull Request", "Pull Request Synchronized", "Release")),
        ("bitbucket", ("Repository: Push", "Pull request: Created", "Pull request: Updated", "Pull request: Merged")),
        ("bitbucket-server", ("Repository: Push", "Pull request: Source branch updated", "Pull request: Deleted")),
        ("azure", ("Code pushed", "Pull request created", "Pull request updated")),
    ],
)
def test_a_guide_names_the_events_that_are_read(name, events):
    assert set(events) <= set(guide.steps(name, URL, SECRET).events)


def test_an_unknown_provider_has_no_guide():
    with pytest.raises(KeyError):
        guide.steps("sourceforge", URL, SECRET)
