"""Keys and tokens with which programs call."""
