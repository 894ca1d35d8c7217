from django.db import migrations, models

from reviews.online import AddUniqueOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("reviews", "0006_facts"),
    ]

    operations = [
        AddUniqueOnline(
            model_name="scan",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "done")),
                fields=("repository", "branch", "commit", "rule_set", "advisories"),
                name="scan_one_answer",
            ),
        ),
        # Only now: there is a moment with both, and none without.
        migrations.RemoveConstraint(model_name="scan", name="scan_one_result"),
    ]
