"""What each `envoi` command does: wiring of the parts below."""
