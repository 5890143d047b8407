import os
import time

from cxr.library.holdings import is_fresh

DAY = 86_400


def test_a_hosts_list_is_taken_for_a_week(tmp_path):
    listing = tmp_path / "physionet.listing"
    assert not is_fresh(listing)
    listing.write_text("")
    assert is_fresh(listing)
    for days, fresh in ((6, True), (8, False)):
        then = time.time() - days * DAY
        os.utime(listing, (then, then))
        assert is_fresh(listing) is fresh
