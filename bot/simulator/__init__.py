"""Stand-ins for the APIs of WhatsApp's providers, and a person with a phone: for tests and for trying Faro out."""
