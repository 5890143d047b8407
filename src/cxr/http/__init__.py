"""HTTP as every host needs it: one client that keeps credentials with their host and tells stalls and refusals."""

from cxr.http.client import Answer, Client, HttpSettings
from cxr.http.errors import RefusedError, RequestError, TransientError

__all__ = ["Answer", "Client", "HttpSettings", "RefusedError", "RequestError", "TransientError"]
