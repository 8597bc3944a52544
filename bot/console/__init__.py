"""The staff console: what staff of the firm see of conversations, and how they follow up."""
