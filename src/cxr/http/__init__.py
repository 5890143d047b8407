"""HTTP as every host needs it: credentials stay where they belong, and no cut body goes unseen."""

from cxr.http.answer import Answer
from cxr.http.client import Client
from cxr.http.errors import RefusedError, RequestError, TransientError
from cxr.http.settings import HttpSettings

__all__ = ["Answer", "Client", "HttpSettings", "RefusedError", "RequestError", "TransientError"]
