"""The wire and nothing else: base (its words, with refusals), http (a client), reading, a folder each, table (all)."""
