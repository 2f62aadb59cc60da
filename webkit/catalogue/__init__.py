"""What an agency sells: packages and the add-ons to them."""
