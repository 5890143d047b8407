"""Settings: what they are, where they are read from, and how they are shown.

Each layer overrides the one before it: defaults, the first configuration file that exists (``--config``,
``$CXR_CONFIG``, ``./config.yaml``, ``~/.config/cxr/config.yaml``), ``.env`` in the working directory, the
environment (``CXR_DOWNLOAD__TIMEOUT=60``), flags.
"""

from cxr.config.load import Setting, effective, load
from cxr.config.settings import Config, DatasetSettings, Download, Paths
from cxr.config.text import env_example_text, init_text

__all__ = [
    "Config",
    "DatasetSettings",
    "Download",
    "Paths",
    "Setting",
    "effective",
    "env_example_text",
    "init_text",
    "load",
]
