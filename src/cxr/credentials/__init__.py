"""Credentials: where they are found, how they are kept, and what is wrong with them."""
