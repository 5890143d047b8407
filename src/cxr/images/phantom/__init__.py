"""Phantoms: chest radiographs that show nobody, with labels that are true because they were painted.

`describe` says what phantom number ``index`` of a seed shows, at once and without painting.
`cxr.images.phantom.render` paints it and gives the PNG file. All are pure functions.
"""

from cxr.images.phantom.describe import LARGEST, SMALLEST, describe
from cxr.images.phantom.truth import FIELD_MM, FINDINGS, Box, PhantomTruth

__all__ = ["FIELD_MM", "FINDINGS", "LARGEST", "SMALLEST", "Box", "PhantomTruth", "describe"]
