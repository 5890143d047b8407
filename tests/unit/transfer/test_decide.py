"""What is to be done for one image."""

import pytest

from cxr.transfer.decide import Action, decide


@pytest.mark.parametrize(
    ("recorded", "on_disk", "action"),
    [
        (None, None, Action.FETCH),  # never asked for
        (10, None, Action.FETCH),  # somebody deleted the file
        (10, 10, Action.KEEP),
        (10, 9, Action.FETCH),  # a power cut, or somebody wrote to it
        (None, 10, Action.VERIFY),  # killed between rename and ledger
    ],
)
def test_the_action_follows_from_ledger_and_disk(recorded, on_disk, action):
    assert decide(recorded, on_disk) is action
