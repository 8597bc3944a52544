"""The staff console. Nothing lives here yet."""
