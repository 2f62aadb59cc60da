"""An AI text provider without AI: it writes an outline from the request and says so."""
