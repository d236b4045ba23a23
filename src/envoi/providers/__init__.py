"""The wire and nothing else: base (its words, with refusals), http (its client), reading (others' JSON), a folder each, table (all)."""
