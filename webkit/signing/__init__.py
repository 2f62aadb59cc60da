"""Reading, confirming and signing a contract; sealing it; checking what was sealed."""
