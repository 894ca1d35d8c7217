from django.db import migrations, models

from reviews.online import AddIndexOnline


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('reviews', '0004_front_doors'),
    ]

    operations = [
        AddIndexOnline(
            model_name='scan',
            index=models.Index(fields=['repository', 'started_at'], name='scan_served'),
        ),
        AddIndexOnline(
            model_name='scan',
            index=models.Index(fields=['started_at'], name='scan_lately'),
        ),
        AddIndexOnline(
            model_name='outboxmessage',
            index=models.Index(fields=['repository', 'topic'], name='outbox_topic'),
        ),
    ]
