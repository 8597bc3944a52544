"""Requests for a consultation: kept encrypted, delivered to the firm's system, and told about truthfully."""
