"""The booking webhook: client, outbox, worker. Nothing lives here yet."""
