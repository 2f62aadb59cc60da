"""Claude, by Anthropic, as the AI text provider."""
