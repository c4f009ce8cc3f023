"""exp and log1p of arrays, and sums of the exponentials of rows, by the fastest code that is there.

NumPy's own are used where it computes them with AVX-512. Elsewhere those of `_elementary.c` are 2 to 13 times as fast;
they are used where they were compiled. Errors are at most about an ulp, of NumPy's exp in float32 2.5.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.lib import introspect

from xent_core.compute.layout import Array

Elementary = Callable[..., Any]

compiled: ModuleType | None
try:
    from xent_core.compute import _elementary as compiled
except ImportError:  # There was no C compiler.
    compiled = None


def numpy_is_vectorised() -> bool:
    """Whether NumPy computes log1p with vectors, which it does for AVX-512 only, as exp in float64."""
    log1p = introspect.opt_func_info(func_name="^log1p$", signature="float32").get("log1p", {}).get("ff", {})
    return not log1p.get("current", "baseline").startswith("baseline")


def log1p_by_log(u: Array, out: Array | None = None) -> Array:
    """log(1 + u) for u ≥ 0: the logarithm of the rounded sum, and what the rounding took.

    NumPy has a vectorised log for every processor, and of log1p only the C library's, which is several times slower.
    """
    rounded = 1 + u
    result: Array = np.add(np.log(rounded), (u - (rounded - 1)) / rounded, out=out)
    return result


class Fastest(NamedTuple):
    """exp(x, out=None) and log1p(u, out=None), of arrays of float32 or float64; u is at least 0.

    fused: what has the functions of rows in `_elementary.pyi`; None where NumPy sums the exponentials.
    """

    exp: Elementary
    log1p: Elementary
    fused: ModuleType | None


def fastest(*, vectorised: bool, compiled: ModuleType | None) -> Fastest:
    if vectorised:
        return Fastest(np.exp, np.log1p, None)
    if compiled is not None:
        return Fastest(compiled.exp, compiled.log1p, compiled)
    return Fastest(np.exp, log1p_by_log, None)


exp, log1p, fused = fastest(vectorised=numpy_is_vectorised(), compiled=compiled)
