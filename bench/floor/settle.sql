-- One paid event taken, in one transaction: lock the order, take the event once, capture the payment, write
-- the money down, make the booking, take the time for good, and remember every move.
-- :order_id is the order that place.sql has just placed or, for settling alone, the next one filled in.
BEGIN;
SELECT total AS amount FROM placed_order WHERE id = :order_id AND state = 'placed' FOR UPDATE \gset
INSERT INTO inbox (gateway, event, body)
    VALUES ('bench', 'E' || :order_id,
            jsonb_build_object('type', 'captured', 'order', :order_id::bigint, 'amount', :amount::bigint))
    ON CONFLICT DO NOTHING;
UPDATE payment SET state = 'captured', captured_at = now()
    WHERE order_id = :order_id AND state = 'created' RETURNING id AS payment_id \gset
INSERT INTO ledger (payment_id, kind, amount, reference)
    VALUES (:payment_id, 'capture', :amount, 'E' || :order_id);
INSERT INTO booking (reference, line_id, allocation_id, state)
    SELECT 'B' || allocation.id, line.id, allocation.id, 'confirmed'
    FROM line JOIN allocation ON allocation.line_id = line.id
    WHERE line.order_id = :order_id RETURNING allocation_id AS allocation_id \gset
UPDATE allocation SET state = 'taken', held_until = NULL WHERE id = :allocation_id;
INSERT INTO transition (subject, subject_id, before, after, actor)
    VALUES ('payment', :payment_id, 'created', 'captured', 'gateway');
INSERT INTO transition (subject, subject_id, before, after, actor)
    VALUES ('order', :order_id, 'placed', 'paid', 'gateway');
UPDATE placed_order SET state = 'paid', expires_at = NULL, updated_at = now() WHERE id = :order_id;
INSERT INTO job (kind, args) VALUES ('confirmation', jsonb_build_object('order', :order_id::bigint));
COMMIT;
