"""The tables that Stripe's books are kept in. Objects in objects are JSON."""

from __future__ import annotations

SCHEMA = """
CREATE TABLE IF NOT EXISTS stripe_sessions (
    id TEXT PRIMARY KEY, client_id TEXT NOT NULL, reference TEXT NOT NULL, amount INTEGER NOT NULL,
    currency TEXT NOT NULL, capture_method TEXT NOT NULL, status TEXT NOT NULL, created INTEGER NOT NULL,
    expires_at INTEGER NOT NULL, url TEXT NOT NULL, success_url TEXT NOT NULL, cancel_url TEXT NOT NULL,
    email TEXT NOT NULL, adaptive INTEGER NOT NULL, ui_mode TEXT NOT NULL, line_items TEXT NOT NULL,
    metadata TEXT NOT NULL, intent_metadata TEXT NOT NULL, intent_id TEXT, presented TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS stripe_session_references ON stripe_sessions (reference);
CREATE INDEX IF NOT EXISTS stripe_sessions_of_intent ON stripe_sessions (intent_id);
CREATE INDEX IF NOT EXISTS stripe_open_sessions ON stripe_sessions (expires_at) WHERE status = 'open';
CREATE TABLE IF NOT EXISTS stripe_intents (
    id TEXT PRIMARY KEY, client_id TEXT NOT NULL, session_id TEXT NOT NULL, amount INTEGER NOT NULL,
    currency TEXT NOT NULL, capture_method TEXT NOT NULL, status TEXT NOT NULL, created INTEGER NOT NULL,
    metadata TEXT NOT NULL, charge_id TEXT, amount_capturable INTEGER NOT NULL,
    amount_received INTEGER NOT NULL, canceled_at INTEGER, cancellation_reason TEXT,
    last_payment_error TEXT NOT NULL, presented TEXT NOT NULL, lapses_at INTEGER,
    becomes TEXT, moves_at INTEGER, moves_after_reads INTEGER
);
CREATE INDEX IF NOT EXISTS stripe_reserving_intents ON stripe_intents (lapses_at)
    WHERE lapses_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS stripe_moving_intents ON stripe_intents (moves_at) WHERE moves_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS stripe_charges (
    id TEXT PRIMARY KEY, client_id TEXT NOT NULL, intent_id TEXT NOT NULL, amount INTEGER NOT NULL,
    currency TEXT NOT NULL, status TEXT NOT NULL, created INTEGER NOT NULL, metadata TEXT NOT NULL,
    captured INTEGER NOT NULL, amount_captured INTEGER NOT NULL, capture_before INTEGER,
    failure_code TEXT, presented TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS stripe_refunds (
    id TEXT PRIMARY KEY, client_id TEXT NOT NULL, intent_id TEXT NOT NULL, charge_id TEXT NOT NULL,
    amount INTEGER NOT NULL, currency TEXT NOT NULL, status TEXT NOT NULL, created INTEGER NOT NULL,
    reason TEXT, metadata TEXT NOT NULL, failure_reason TEXT, becomes TEXT, moves_at INTEGER,
    is_release INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS stripe_refunds_of_charge ON stripe_refunds (charge_id);
CREATE INDEX IF NOT EXISTS stripe_refunds_of_intent ON stripe_refunds (intent_id);
CREATE INDEX IF NOT EXISTS stripe_moving_refunds ON stripe_refunds (moves_at) WHERE moves_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS stripe_disputes (
    id TEXT PRIMARY KEY, client_id TEXT NOT NULL, intent_id TEXT NOT NULL, charge_id TEXT NOT NULL,
    amount INTEGER NOT NULL, currency TEXT NOT NULL, status TEXT NOT NULL, created INTEGER NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS stripe_disputes_of_charge ON stripe_disputes (charge_id);
CREATE INDEX IF NOT EXISTS stripe_disputes_of_intent ON stripe_disputes (intent_id);
CREATE TABLE IF NOT EXISTS stripe_events (
    id TEXT PRIMARY KEY, client_id TEXT NOT NULL, reference TEXT NOT NULL, type TEXT NOT NULL,
    created INTEGER NOT NULL, api_version TEXT NOT NULL, data TEXT NOT NULL, request TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS stripe_events_about ON stripe_events (reference);
CREATE TABLE IF NOT EXISTS stripe_answers (
    client_id TEXT NOT NULL, key TEXT NOT NULL, asked TEXT NOT NULL, status INTEGER NOT NULL,
    body TEXT NOT NULL, request_id TEXT NOT NULL, created INTEGER NOT NULL, PRIMARY KEY (client_id, key)
);
"""
