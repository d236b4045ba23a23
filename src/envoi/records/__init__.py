"""One person as a whole, across all apps: merging two records, undoing that, their data, their erasure."""
