"""Random series that can be had from any moment on: the world of a seed is one, wherever a simulation begins.

A series is a sum of octaves. Each octave has independent normal values at knots of one spacing, and between them the
weighted mean that keeps the variance. Knots come in blocks, each with a generator of its own, so that the value of a
quarter-hour depends on the seed, the purpose and the moment alone, and memory does not grow with the period.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

_BLOCK_KNOTS = 64


def generator(seed: int, purpose: str, *keys: int) -> np.random.Generator:
    """Chance for one purpose, so that a change to one feed leaves the others as they are.

    Args:
        seed: of the simulation, 0 or more.
        purpose: what the chance is for.
        keys: further whole numbers, 0 or more, such as a day.
    """
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(purpose.encode()), *keys])))


def series(seed: int, purpose: str, places: int, octaves: Mapping[int, float], first: int, count: int) -> Floats:
    """Normal series with mean 0 and variance 1, autocorrelated, independent of each other.

    Args:
        seed: of the simulation.
        purpose: what the series are for.
        places: the number of series; the first ones do not depend on it.
        octaves: spacing of the knots in quarter-hours -> share of the variance; the shares add up to 1.
        first: the first quarter-hour, counted from 1970 (`times.index_of`).
        count: the number of quarter-hours.

    Returns:
        Values of the shape (places, count).
    """
    quarter_hours = np.arange(first, first + count)
    total = np.zeros((places, count))
    for spacing, share in octaves.items():
        before = quarter_hours // spacing
        weight = (quarter_hours % spacing) / spacing
        knots = _knots(seed, purpose, spacing, places, int(before[0]), int(before[-1]) + 2)
        at = before - before[0]
        mean = (1 - weight) * knots[:, at] + weight * knots[:, at + 1]
        total += np.sqrt(share) * mean / np.sqrt((1 - weight) ** 2 + weight**2)
    return total


def _knots(seed: int, purpose: str, spacing: int, places: int, first: int, end: int) -> Floats:
    blocks = range(first // _BLOCK_KNOTS, (end - 1) // _BLOCK_KNOTS + 1)
    values = [generator(seed, purpose, spacing, block).standard_normal((places, _BLOCK_KNOTS)) for block in blocks]
    offset = blocks.start * _BLOCK_KNOTS
    return np.concatenate(values, axis=1)[:, first - offset : end - offset]
