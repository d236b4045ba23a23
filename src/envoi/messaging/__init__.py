"""Messages, the outbox and the ledger."""
