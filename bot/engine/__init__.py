"""What Rasa loads: the steps that understand a message, the turn connector and the tracker store."""
