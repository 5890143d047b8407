"""What was fetched, from where, when, and how it went."""
