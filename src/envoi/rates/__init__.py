"""What messages cost: markets, dated rate cards, providers' own fees, and how each account is billed."""
