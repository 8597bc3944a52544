"""Asking for a consultation: the conversation, the values in it, and what is said.

``interview`` is the pure machine whose state lies in one slot, ``telling`` its words, ``contact`` reads names, numbers
and addresses, ``control`` tells an answer from a question while a personal value is asked for. Nothing here is sent or
stored; that is ``bot.booking``.
"""
