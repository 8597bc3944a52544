"""What the public reaches: page, chat API, health and metrics."""
