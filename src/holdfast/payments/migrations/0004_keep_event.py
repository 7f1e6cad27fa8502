"""How a webhook is stored: one call, of which PostgreSQL keeps the plan. decisions/0026 says why."""

from django.db import migrations

# Writes a new event and the message that has the worker handle it, or counts one more delivery of an event.
# Nothing, and false, if the account's row is not as it was in the transaction ``as_of`` any more. An event
# that has been handled on arrival, because nobody can read it, has no message.
KEEP_EVENT = """
CREATE FUNCTION holdfast_keep_event(
    account bigint, as_of text, its_key text, its_event text, its_reference text, its_refund_reference text,
    its_headers jsonb, its_body text, its_arrival timestamptz, its_result text, its_handling timestamptz
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    stored bigint;
    is_new boolean;
BEGIN
    INSERT INTO holdfast_platform_gatewayevent AS kept (gateway, account_id, verified, dedupe_key, event,
        reference, refund_reference, headers, body, received_at, deliveries, result, handled_at)
    SELECT a.gateway, a.id, true, its_key, its_event,
        its_reference, its_refund_reference, its_headers, its_body, its_arrival, 1, its_result, its_handling
    FROM holdfast_payments_gatewayaccount a WHERE a.id = account AND a.xmin::text = as_of
    ON CONFLICT (gateway, account_id, dedupe_key) DO UPDATE SET deliveries = kept.deliveries + 1
    RETURNING kept.id, kept.deliveries = 1 INTO stored, is_new;
    IF is_new AND its_handling IS NULL THEN
        PERFORM procrastinate_defer_jobs_v1(ARRAY[ROW(
            'messages', 'deliver', 0, NULL, NULL,
            jsonb_build_object('kind', 'gateway_event', 'payload', jsonb_build_object('event', stored)), NULL
        )::procrastinate_job_to_defer_v1]);
    END IF;
    RETURN stored IS NOT NULL;
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("holdfast_payments", "0003_reserved_money"),
        ("holdfast_platform", "0008_files"),
        ("procrastinate", "0041_post_retry_failed_job"),
    ]

    operations = [migrations.RunSQL(KEEP_EVENT, "DROP FUNCTION holdfast_keep_event")]
