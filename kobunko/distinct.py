"""The distinct values of an array, for large arrays of hashes and places.

`numpy.unique` puts them into a hash table since numpy 2.3, which takes ten to fifty times as long as sorting them.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", np.int64, np.uint64)


def distinct(values: NDArray[Number]) -> NDArray[Number]:
    """The values of a flat array, each once, in ascending order."""
    ordered = np.sort(values)
    first = np.ones(len(ordered), dtype=np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    return np.compress(first, ordered)
