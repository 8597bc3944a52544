"""WhatsApp: pure wire modules of both providers, and what stores, answers and sends."""
