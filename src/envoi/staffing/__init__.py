"""People here and their work: who has how much of it, and to whom it goes when somebody leaves. It has no tables."""
