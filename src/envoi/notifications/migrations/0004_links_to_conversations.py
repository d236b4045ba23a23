"""Links to conversations that were kept with a point lead to the page itself, so that they are found as read."""

from django.db import migrations

REWRITE = r"""
UPDATE notifications SET link = regexp_replace(link, '^/inbox/(\d+)\.(\d+)/', '/inbox/\1-\2/')
 WHERE link ~ '^/inbox/\d+\.\d+/'
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0003_codes_run_out")]

    operations = [migrations.RunSQL(REWRITE, migrations.RunSQL.noop)]
