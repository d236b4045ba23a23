"""People, identities, consent, tags and imports."""
