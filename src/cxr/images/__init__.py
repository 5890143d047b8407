"""Pixels: strict decoding, phantoms, contact sheets."""
