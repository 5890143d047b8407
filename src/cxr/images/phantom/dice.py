"""Random numbers that are the same on every machine and with every version of numpy.

numpy promises that the raw output of its bit generators never changes, and promises nothing of the kind for
the distributions built on top. So the few distributions needed here are made from the raw 64 bits.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T")


class Dice:
    """One stream of random numbers, a pure function of its key.

    Args:
        key: Non-negative integers, for example seed, stream and image number.
    """

    def __init__(self, *key: int) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence(key))

    def real(self, low: float = 0.0, high: float = 1.0) -> float:
        """Return a number in [low, high), all equally likely."""
        return low + (high - low) * (int(self._bits.random_raw()) >> 11) * 2.0**-53

    def bell(self, middle: float, reach: float) -> float:
        """Return a number within ``reach`` of ``middle``, those close to it the likeliest."""
        return middle + reach * (self.real(-1, 1) + self.real(-1, 1) + self.real(-1, 1)) / 3

    def chance(self, probability: float) -> bool:
        """Say yes with that probability."""
        return self.real() < probability

    def integer(self, low: int, high: int) -> int:
        """Return a whole number from ``low`` to ``high``, both included."""
        return low + int(self.real(0, high - low + 1))

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of the choices."""
        return choices[self.integer(0, len(choices) - 1)]

    def reals(self, *shape: int) -> npt.NDArray[np.float32]:
        """Return float32 numbers in [-1, 1) of that shape."""
        count = int(np.prod(shape))
        raw = self._bits.random_raw(count) >> np.uint64(40)  # 24 bits: exact in a float32
        values: npt.NDArray[np.float32] = raw.astype(np.float32) * np.float32(2.0**-23) - np.float32(1)
        return values.reshape(shape)

    def grain(self, rows: int, columns: int) -> npt.NDArray[np.float32]:
        """Return float32 noise close to normal: mean 0, standard deviation 1, at most 3.5 from the mean.

        Four bytes are added for each value, which numpy does exactly on every machine.
        """
        count = rows * columns
        raw = self._bits.random_raw((count + 1) // 2).astype("<u8").view(np.uint8)[: 4 * count]
        planes = raw.reshape(4, count)
        total = planes[0].astype(np.int16)
        for plane in planes[1:]:
            total += plane
        # The sum of four bytes has mean 510 and variance 4 * (256^2 - 1) / 12.
        grain: npt.NDArray[np.float32] = (total - np.int16(510)).astype(np.float32) * np.float32(1 / 147.8)
        return grain.reshape(rows, columns)
