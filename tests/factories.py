import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from reviews.models import Membership, Repository, Scan, Team, User


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"person{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.org")
    password = "argon2$a-hash-that-fits-no-password"


class TeamFactory(DjangoModelFactory[Team]):
    class Meta:
        model = Team

    name = factory.Sequence(lambda n: f"Team {n}")
    slug = factory.Sequence(lambda n: f"team-{n}")


class MembershipFactory(DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    team = factory.SubFactory(TeamFactory)
    user = factory.SubFactory(UserFactory)
    role = Membership.Role.ENGINEER


class RepositoryFactory(DjangoModelFactory[Repository]):
    class Meta:
        model = Repository

    team = factory.SubFactory(TeamFactory)
    name = factory.Sequence(lambda n: f"service-{n}")
    slug = factory.SelfAttribute("name")
    url = factory.LazyAttribute(lambda repository: f"https://git.example.org/{repository.slug}.git")


class ScanFactory(DjangoModelFactory[Scan]):
    class Meta:
        model = Scan

    repository = factory.SubFactory(RepositoryFactory)
    branch = factory.SelfAttribute("repository.branch")
    requested_at = factory.LazyFunction(timezone.now)
    available_at = factory.SelfAttribute("requested_at")
