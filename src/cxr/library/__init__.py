"""What a user does with a library, one module an action."""
