"""Correct chest X-ray datasets, from access to training."""

__version__ = "0.1.0"
