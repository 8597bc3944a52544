"""Decisions that a lawyer could dispute, as pure functions: no network, clock, database or environment."""
