"""Which files of a folder without tables are no images, told by their first bytes and their names."""

from cxr.hosts import Host
from cxr.images.formats import HEAD, READ, Format, by_name, describe, sniff
from cxr.model import Remote


def why_no_image(host: Host, remote: Remote) -> str:
    """Return why a file is no image for cxr, or nothing where it is one, or ought to be one by its name.

    A broken file under an image's name is no image either, but that is for validation to say.
    """
    if by_name(remote.path) in READ:
        return ""
    try:
        with host.open(remote, 0, HEAD) as blocks:
            head = next(blocks, b"")
    except OSError as error:
        return f"it cannot be read: {error.strerror or error}"
    return why(head)


def why(head: bytes) -> str:
    """Return why a file that begins so is no image for cxr, or nothing where it is one."""
    if not head:
        return "it is empty"
    kind = sniff(head)
    if kind is None:
        return f"it is {describe(head)}"
    if kind is Format.DICOM:
        return "DICOM is recognised, but this version of cxr does not read it yet"
    return "" if kind.is_read else f"{kind.title} is recognised, but not read: convert it to PNG first"
