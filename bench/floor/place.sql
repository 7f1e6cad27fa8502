-- One order placed, in one transaction: order, line, time held, payment written down, transitions, a job.
-- :base, :clients and :n are given by bench.pgbench. Each client takes every :clients-th order number.
\set n :n + 1
\set number :base + :n * :clients + :client_id
\set resource :number % 200 + 1
\set half_hours :number / 200
BEGIN;
INSERT INTO placed_order (reference, contact, currency, total, state, expires_at)
    VALUES ('O' || :number, 'a@example.com', 'INR', 99900, 'placed', now() + interval '15 min')
    RETURNING id AS order_id \gset
INSERT INTO line (order_id, title, quantity, price)
    VALUES (:order_id, 'consultation', 1, 99900) RETURNING id AS line_id \gset
INSERT INTO allocation (line_id, resource_id, period, state, held_until)
    VALUES (:line_id, :resource,
            tstzrange(timestamptz '2027-01-01 00:00Z' + :half_hours * interval '30 min',
                      timestamptz '2027-01-01 00:00Z' + (:half_hours + 1) * interval '30 min'),
            'held', now() + interval '15 min')
    RETURNING id AS allocation_id \gset
INSERT INTO payment (order_id, gateway, reference, amount, state)
    VALUES (:order_id, 'bench', 'P' || :order_id, 99900, 'created');
INSERT INTO transition (subject, subject_id, after, actor)
    VALUES ('order', :order_id, 'placed', 'customer');
INSERT INTO transition (subject, subject_id, after, actor)
    VALUES ('allocation', :allocation_id, 'held', 'customer');
INSERT INTO job (kind, args, run_at)
    VALUES ('expire', jsonb_build_object('order', :order_id::bigint), now() + interval '15 min');
COMMIT;
