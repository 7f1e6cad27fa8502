"""What the models cannot say: the extension under the exclusion constraint, and two quiet tables."""

from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations

# No NOTIFY in a money transaction: it makes commits queue behind each other. Workers poll instead.
QUIET_JOBS = "DROP TRIGGER IF EXISTS procrastinate_jobs_notify_queue_job_inserted_v1 ON procrastinate_jobs"
LOUD_JOBS = """
    CREATE TRIGGER procrastinate_jobs_notify_queue_job_inserted_v1
    AFTER INSERT ON procrastinate_jobs FOR EACH ROW WHEN (NEW.status = 'todo'::procrastinate_job_status)
    EXECUTE PROCEDURE procrastinate_notify_queue_job_inserted_v1()
"""


class Migration(migrations.Migration):
    dependencies = [
        ("holdfast_platform", "0001_initial"),
        ("procrastinate", "0041_post_retry_failed_job"),
    ]

    operations = [
        BtreeGistExtension(),
        migrations.RunSQL(QUIET_JOBS, LOUD_JOBS),
        migrations.RunSQL(
            "ALTER TABLE holdfast_platform_throttle SET UNLOGGED",
            "ALTER TABLE holdfast_platform_throttle SET LOGGED",
        ),
    ]
