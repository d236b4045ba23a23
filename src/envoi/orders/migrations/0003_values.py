from django.db import migrations

# The currency that most orders have is taken for the company's own; it can be changed on the page of exchange rates.
OWN = """
INSERT INTO order_settings (id, currency)
SELECT 1, currency FROM orders GROUP BY currency ORDER BY count(*) DESC, currency LIMIT 1
"""
VALUES = "UPDATE orders SET value = amount WHERE currency = (SELECT currency FROM order_settings)"
# Everybody's windows are counted by the worker's next pass.
TOTALS = """
UPDATE order_totals t
   SET spend = o.spend, unconverted = o.unconverted, fresh_until = now()
  FROM (SELECT contact_id, sum(value) AS spend, count(*) - count(value) AS unconverted FROM orders GROUP BY contact_id) o
 WHERE o.contact_id = t.contact_id
"""


class Migration(migrations.Migration):

    dependencies = [('orders', '0002_features')]

    operations = [migrations.RunSQL([OWN, VALUES, TOTALS], migrations.RunSQL.noop)]
