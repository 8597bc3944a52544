"""Rasa custom actions: slots in, ``bot.core`` called, events and replies out. Nothing is decided here."""
