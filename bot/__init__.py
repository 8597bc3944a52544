"""Faro: a bilingual assistant about U.S. asylum for a law firm's website and WhatsApp."""
