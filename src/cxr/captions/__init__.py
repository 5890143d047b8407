"""The text beside each image: rendered from its record, and checked."""
