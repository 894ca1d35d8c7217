"""What a team asks of its releases: on which tiers a review is needed, and whose quorum needs the duty ops."""

from collections.abc import Collection

from django.db import transaction

from reviews.audit import trail
from reviews.checklist import Tier
from reviews.models import Team, User


def change(team: Team, review_tiers: Collection[str], ops_tiers: Collection[str], *, by: User) -> bool:
    """Set the policy, with its event in the audit log. Returns whether it is another one than before."""
    wanted = {"review_tiers": _ordered(review_tiers), "ops_tiers": _ordered(ops_tiers)}
    with transaction.atomic():
        stored = Team.objects.select_for_update(no_key=True).get(pk=team.pk)
        before = {name: _ordered(getattr(stored, name)) for name in wanted}
        if wanted == before:
            return False
        Team.objects.filter(pk=team.pk).update(**wanted)
        text = (
            f"{by.username} changed the policy of {team.name}: reviews are needed at {_said(wanted['review_tiers'])}, "
            f"the duty ops at {_said(wanted['ops_tiers'])}"
        )
        trail.record(team, by, "policy-changed", team, text, before=before, **wanted)
    return True


def _ordered(tiers: Collection[str]) -> list[str]:
    return [tier.value for tier in Tier if tier in tiers]


def _said(tiers: Collection[str]) -> str:
    return f"tier {' and '.join(tiers)}" if tiers else "no tier"
