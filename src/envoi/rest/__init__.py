"""What every resource of the REST API shares: the door, errors, lists, repeats, its description."""
