"""What is kept of conversations after consent: tables, store, migrations."""
