"""Whether a bucket shows what is put into it to everybody."""

import secrets

import obstore

from cxr.stores.bucket_client import client_for
from cxr.stores.bucket_errors import LIBRARY_ERRORS, explained_refusal, refusal
from cxr.stores.objects import ObjectStore
from cxr.stores.uploads import Uploads


def is_public(store: ObjectStore) -> bool:
    """Put an object, ask for it as anybody may, and remove it again.

    Its name cannot be guessed, and nothing of a patient is in it.

    Raises:
        AccessError: the store refuses to take or remove it.
        HostError: it cannot be reached, or has failed for longer than is tried.
        StorageError: it cannot be put, asked for or removed.
    """
    name = f"cxr-is-this-public-{secrets.token_hex(16)}.jpg"
    content = bytearray(b"cxr asks whether everybody may read this. It can be removed.\n")
    # A run begins with this: whether the store is there is to show soon.
    uploads = Uploads(store.bucket, store.client)
    uploads.put(name, content, "")
    try:
        return _anybody_may_read(store, name)
    finally:
        uploads.remove(name)


def _anybody_may_read(store: ObjectStore, name: str) -> bool:
    anybody = client_for(store.bucket, store.access, anonymous=True, retry=store.retry)
    try:
        obstore.get(anybody, name).bytes()
    except LIBRARY_ERRORS as error:
        if refusal(error).denied:
            return False
        raise explained_refusal(store.bucket, error) from None
    return True
