"""What payment vendors pay out to the agency's bank, reconciled with the payments it consists of."""
