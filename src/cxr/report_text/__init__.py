"""The text of a radiology report in MIMIC-CXR's form, cut into its sections. Nothing is added to it.

`sections` loses no character; `mimic_sections` chooses as MIMIC-CXR's authors do.
"""

from cxr.report_text.mimic import MimicSections, mimic_sections
from cxr.report_text.spans import Section, sections

__all__ = ["MimicSections", "Section", "mimic_sections", "sections"]
