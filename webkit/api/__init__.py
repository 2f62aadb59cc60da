"""The API for programs: one table of operations, from which its addresses and its description are made."""
