"""How an agency looks: its colour, its mark, its printed page."""
