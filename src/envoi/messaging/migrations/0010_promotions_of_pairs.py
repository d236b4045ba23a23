from django.db import migrations, models


class Migration(migrations.Migration):
    """Where promotions stand from now on. 0011 carries what stands in `contacts`, contacts.0011 what came meanwhile."""

    dependencies = [
        ('contacts', '0010_kept_changes'),
        ('messaging', '0009_kept_changes'),
    ]

    operations = [
        migrations.AddField(
            model_name='pair',
            name='promoted_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='pair',
            name='promoted_by',
            field=models.BigIntegerField(null=True),
        ),
    ]
