"""Bank statements: files of the bank, what their lines may pay, and a person who says that it does."""
