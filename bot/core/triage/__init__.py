"""Triage: what a person told about the situation, how urgent it is, and which way applies."""
