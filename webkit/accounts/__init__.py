"""People: accounts, sign-in, sessions, and the agencies they work in."""
