"""Credentials: where they are found, how they are kept, and what is wrong with them.

What each service needs and where it is looked for is declared in `cxr.credentials.services`.
"""

from cxr.credentials.lookup import Found, find, listing, need, problems, remove, store
from cxr.credentials.reading import Problem
from cxr.credentials.services import SERVICES, Field, Kind, Service, variables

__all__ = [
    "SERVICES",
    "Field",
    "Found",
    "Kind",
    "Problem",
    "Service",
    "find",
    "listing",
    "need",
    "problems",
    "remove",
    "store",
    "variables",
]
