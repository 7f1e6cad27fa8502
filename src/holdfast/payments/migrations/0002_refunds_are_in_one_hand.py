from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("holdfast_payments", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="transaction",
            name="in_hand_until",
            field=models.DateTimeField(help_text="until then a worker asks the gateway about it", null=True),
        ),
    ]
