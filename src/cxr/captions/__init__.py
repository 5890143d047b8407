"""The text beside each image: rendered from its record, and checked."""

from cxr.captions.render import About, render, with_image_quality

__all__ = ["About", "render", "with_image_quality"]
