"""PDF by PlutoPrint, an HTML engine from a wheel, in warm processes with limits."""
