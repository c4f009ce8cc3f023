"""The warnings of a result as Python warnings, at the line of the program that made the call."""

import sys
import warnings
from collections.abc import Iterable

from xent_client.generated.models.loss_warning import LossWarning


class XentWarning(UserWarning):
    """A likely mistake that the service found in a batch: its code, and what to change.

    Python shows each once for each code and line of the program. The text begins with the code, so that
    `warnings.filterwarnings("ignore", "one_hot_labels", xent_client.XentWarning)` silences one kind.
    """


def warn(found: Iterable[LossWarning]) -> None:
    """Warn at the line outside of this package that led here.

    The text has no figures of the batch, since Python shows a warning again where its text differs.
    """
    for each in found:
        warnings.warn(f"{each.code}: {each.fix}", XentWarning, stacklevel=_stacklevel())


# A task of asyncio has no frame of the program above it; the line that runs the event loop stands for it then.
_PASSED_OVER = {"xent_client", "asyncio"}


def _stacklevel() -> int:
    """That of `warnings.warn` in `warn` for the first frame outside of this package."""
    frame, level = sys._getframe(1), 1
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in _PASSED_OVER:
        frame, level = frame.f_back, level + 1
    return level
