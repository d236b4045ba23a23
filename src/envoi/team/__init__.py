"""Staff, roles and the audit log."""
