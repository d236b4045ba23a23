"""Files of our own: stored once, uploaded to each account once, shown so that nothing in them is ever run."""
