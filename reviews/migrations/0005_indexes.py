from django.db import migrations, models

from reviews.online import AddIndexOnline, AddUniqueOnline


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('reviews', '0004_front_doors'),
    ]

    operations = [
        AddIndexOnline(
            model_name='outboxmessage',
            index=models.Index(fields=['repository', 'topic'], name='outbox_topic'),
        ),
        AddIndexOnline(
            model_name='scan',
            index=models.Index(fields=['repository', 'started_at'], name='scan_served'),
        ),
        AddIndexOnline(
            model_name='scan',
            index=models.Index(fields=['started_at'], name='scan_lately'),
        ),
        AddIndexOnline(
            model_name='scan',
            index=models.Index(condition=models.Q(('pull_request__isnull', False)), fields=['pull_request', '-id'], name='scan_of_pull_request'),
        ),
        AddUniqueOnline(
            model_name='repository',
            constraint=models.UniqueConstraint(condition=models.Q(('badge_key', ''), _negated=True), fields=('badge_key',), name='repository_badge_key_once'),
        ),
    ]
