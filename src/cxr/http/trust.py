"""Whose certificates are believed: the system's authorities, and those that the environment names.

There is no bundle of our own. The system keeps its own up to date, and it holds what the people who run the
network have added.
"""

import ssl
from collections.abc import Mapping
from pathlib import Path

from cxr.http.errors import RefusedError

# Each adds to the system's. OpenSSL itself reads the first, and SSL_CERT_DIR, in place of the system's, and
# does not mind where it is not there; requests and curl read the others.
_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
# A Python that was built elsewhere looks for the system's authorities where they are not. Where they are:
# Debian and Arch; Fedora and its kin; openSUSE; macOS, Alpine and the BSDs.
_USUAL = (
    Path("/etc/ssl/certs/ca-certificates.crt"),
    Path("/etc/pki/tls/certs/ca-bundle.crt"),
    Path("/etc/ssl/ca-bundle.pem"),
    Path("/etc/ssl/cert.pem"),
)


def tls_context(environ: Mapping[str, str]) -> ssl.SSLContext:
    """Return how connections are encrypted and certificates verified.

    Raises:
        RefusedError: a variable names a file that cannot be read as certificates.
    """
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    if not knows_the_system(ssl.get_default_verify_paths(), environ):
        for usual in _USUAL:
            if usual.is_file():
                context.load_verify_locations(cafile=usual)
                break
    for variable in _VARIABLES:
        if environ.get(variable):
            _add(context, variable, Path(environ[variable]))
    return context


def knows_the_system(paths: ssl.DefaultVerifyPaths, environ: Mapping[str, str]) -> bool:
    """Return whether OpenSSL has found the system's authorities by itself."""
    if environ.get("SSL_CERT_FILE") or environ.get("SSL_CERT_DIR"):
        return False
    return bool(paths.cafile) or (bool(paths.capath) and any(Path(paths.capath).iterdir()))


def _add(context: ssl.SSLContext, variable: str, path: Path) -> None:
    try:
        if path.is_dir():
            context.load_verify_locations(capath=path)
        else:
            context.load_verify_locations(cafile=path)
    except OSError as error:  # ssl.SSLError is one
        why = "is not there" if isinstance(error, FileNotFoundError) else "holds no readable certificates"
        raise RefusedError("certificates", f"{variable} names {path}, which {why}.") from error
