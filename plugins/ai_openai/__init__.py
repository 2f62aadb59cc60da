"""Text by OpenAI, or by any server that speaks as it does."""
