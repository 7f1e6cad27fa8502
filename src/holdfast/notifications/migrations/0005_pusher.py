"""Apps at Pusher, and the trigger that has each move of a booking told there. decisions/0045 says why."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import holdfast.platform.secrets

# A message for the move of a booking whose business has an app at Pusher; else one look into a small index.
# It is fired when the statement that moves is done, so that a booking which is born in it is there already.
TELL_PUSHER = """
CREATE FUNCTION holdfast_tell_pusher() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM procrastinate_defer_jobs_v1(ARRAY[ROW(
        'messages', 'deliver', 0, NULL, NULL,
        jsonb_build_object('kind', 'pusher', 'payload', jsonb_build_object('transition', NEW.id)), NULL
    )::procrastinate_job_to_defer_v1])
    FROM holdfast_booking_booking b
    JOIN holdfast_notifications_pusheraccount a ON a.business_id = b.business_id AND a.active
    WHERE b.line_id = NEW.subject_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER tell_pusher AFTER INSERT ON holdfast_platform_transition
    FOR EACH ROW WHEN (NEW.subject = 'booking') EXECUTE FUNCTION holdfast_tell_pusher();
"""
SILENT = """
DROP TRIGGER tell_pusher ON holdfast_platform_transition;
DROP FUNCTION holdfast_tell_pusher();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("holdfast_booking", "0004_bookings_to_remind_of"),
        ("holdfast_catalog", "0006_place"),
        ("holdfast_notifications", "0004_reminders_and_calendars"),
        ("holdfast_platform", "0010_bookings_to_follow"),
        ("procrastinate", "0041_post_retry_failed_job"),
    ]

    operations = [
        migrations.CreateModel(
            name="PusherAccount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "app_id",
                    models.CharField(
                        max_length=20,
                        validators=[django.core.validators.RegexValidator("\\A[0-9]+\\Z", "Digits only.")],
                    ),
                ),
                ("key", models.CharField(max_length=60)),
                ("secret", holdfast.platform.secrets.EncryptedJSONField()),
                ("cluster", models.CharField(default="mt1", help_text="such as eu, or ap2", max_length=30)),
                (
                    "base_url",
                    models.CharField(
                        blank=True,
                        help_text="where it answers, when that is not Pusher's address",
                        max_length=200,
                    ),
                ),
                (
                    "is_open",
                    models.BooleanField(
                        default=False,
                        help_text="whoever knows the channel's name may subscribe, and nobody is asked",
                    ),
                ),
                ("active", models.BooleanField(default=True)),
                (
                    "business",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pusher_account",
                        to="holdfast_catalog.business",
                    ),
                ),
            ],
        ),
        migrations.RunSQL(TELL_PUSHER, SILENT),
    ]
