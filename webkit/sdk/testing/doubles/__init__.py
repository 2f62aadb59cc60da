"""Doubles of vendors: real servers on loopback, as strict as the vendor, that can be told to fail."""
