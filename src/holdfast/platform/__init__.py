"""What every engine app stands on: accounts, transitions, the inbox and outbox, throttles, secrets."""
