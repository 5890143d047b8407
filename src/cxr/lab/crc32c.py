"""CRC-32C (Castagnoli), which Google Cloud Storage states of every object: RFC 3720, appendix B.4.

No dependency has it. A CRC is linear over the bytes, so many stretches of the data are taken side by side and
put together afterwards.
"""

import base64
from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint32]

_POLYNOMIAL = 0x82F63B78  # reversed
_WIDTH = 1024  # bytes in each stretch
_ALL = 0xFFFFFFFF


def _table() -> Words:
    words = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        words = np.where(words & 1, (words >> 1) ^ np.uint32(_POLYNOMIAL), words >> 1).astype(np.uint32)
    return words


_TABLE: Final = _table()
_BITS: Final = np.left_shift(np.uint32(1), np.arange(32, dtype=np.uint32))
# What one byte of zeros does to each bit of a CRC.
_ZERO_BYTE: Final = _TABLE[_BITS & 0xFF] ^ (_BITS >> 8)


def checksum(blocks: Iterable[bytes]) -> str:
    """Return the CRC of all blocks, one after the other, in base64 as ``x-goog-hash`` writes it."""
    value = _ALL
    for block in blocks:
        value = _append(value, block)
    return base64.b64encode((value ^ _ALL).to_bytes(4, "big")).decode()


def _append(value: int, block: bytes) -> int:
    """Return the register after a block, for the register before it."""
    moved = _apply(_power(len(block)), np.array([value], np.uint32))
    return int(moved[0]) ^ _from_zero(block)


def _from_zero(block: bytes) -> int:
    """Return the register after a block when it was zero before; zeros in front change nothing then."""
    lanes = 1 << max(0, (len(block) - 1).bit_length() - _WIDTH.bit_length() + 1)
    padded = np.zeros(lanes * _WIDTH, np.uint8)
    padded[padded.size - len(block) :] = np.frombuffer(block, np.uint8)
    state = np.zeros(lanes, np.uint32)
    for column in np.ascontiguousarray(padded.reshape(lanes, _WIDTH).T):
        state = _TABLE[(state ^ column) & 0xFF] ^ (state >> 8)
    matrix = _power(_WIDTH)
    while state.size > 1:
        state = _apply(matrix, state[0::2]) ^ state[1::2]
        matrix = _apply(matrix, matrix)
    return int(state[0])


def _power(count: int) -> Words:
    """Return what ``count`` bytes of zeros do to each bit of a CRC."""
    result, square = _BITS, _ZERO_BYTE
    while count:
        if count & 1:
            result = _apply(square, result)
        square = _apply(square, square)
        count >>= 1
    return result


def _apply(matrix: Words, vector: Words) -> Words:
    product = np.zeros_like(vector)
    for bit in range(32):
        product ^= np.where((vector >> np.uint32(bit)) & 1, matrix[bit], np.uint32(0))
    return product
