from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0010_kept_changes'),
        ('messaging', '0010_promotions_of_pairs'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='contact',
            name='promoted_at',
        ),
        migrations.RemoveField(
            model_name='contact',
            name='promoted_by',
        ),
    ]
