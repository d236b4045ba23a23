"""The wire and nothing else: base (its words), http (its client), one folder a provider, table (all of them)."""
