"""The checks: one module each, from an inspected image or a caption to issues."""
