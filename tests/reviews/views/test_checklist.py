import pytest
from django.urls import reverse

from scanners import registry
from tests.factories import RepositoryFactory
from tests.reviews.rows import RULE, finished

pytestmark = pytest.mark.django_db


def page(client, person, url) -> str:
    client.force_login(person)
    return client.get(url).content.decode()


def test_the_checklist_leads_to_every_rule(client, viewer):
    text = page(client, viewer, reverse("checklist"))
    for rule in registry.rules():
        assert f'href="/rules/{rule}/"' in text
    assert "asked of people" in text


def test_a_rule_has_its_reason_its_examples_and_its_fix(client, viewer):
    rule = registry.rules()[RULE]
    text = page(client, viewer, reverse("rule", args=[RULE]))
    assert rule.title in text
    assert text.count('class="hit"') == sum(len(example.at) for example in rule.bad)
    assert f"# plimsoll: ignore[{RULE}] reason" in text
    assert "No repository is scanned yet." in text


@pytest.mark.parametrize("rule", registry.rules())
def test_every_rule_has_a_page(client, viewer, rule):
    client.force_login(viewer)
    assert client.get(reverse("rule", args=[rule])).status_code == 200


def test_a_rule_shows_the_repositories_one_may_see(client, viewer, stranger, team):
    finished(RepositoryFactory(team=team, name="pay"))
    url = reverse("rule", args=[RULE])
    assert "41 of 44 sites are good; 2 more could not be told" in page(client, viewer, url)
    assert "No repository is scanned yet." in page(client, stranger, url)


def test_repositories_without_a_finding_wait_behind_a_link(client, viewer, team):
    finished(RepositoryFactory(team=team, name="bad"))
    finished(RepositoryFactory(team=team, name="calm"), bad=0, unresolved=0)
    url = reverse("rule", args=[RULE])
    assert "/payments/calm/" not in page(client, viewer, url)
    assert "1 more without a finding" in page(client, viewer, url)
    assert "/payments/calm/" in page(client, viewer, url + "?all=1")


def test_an_unknown_rule_is_not_there(client, viewer):
    client.force_login(viewer)
    assert client.get(reverse("rule", args=["no-such-rule"])).status_code == 404
