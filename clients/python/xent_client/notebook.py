"""How results are shown: one line of text, and HTML for notebooks, without scripts."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from xent_client.generated.models.loss_warning import LossWarning
from xent_client.tensors import Array

Warnings = Sequence[LossWarning] | Mapping[str, int]
"""Those of a batch, or how many batches have each code."""

BINS, BAR_WIDTH, HEIGHT = 24, 10, 60


def text(name: str, parts: Sequence[str], warnings: Warnings) -> str:
    codes = [each if isinstance(each, str) else each.code for each in warnings]
    found = f"; warnings: {', '.join(codes)}" if codes else ""
    return f"<{name} {', '.join(parts)}{found}>"


def html(name: str, parts: Sequence[str], warnings: Warnings, losses: Array | None = None) -> str:
    """A `div`, in which all text is escaped."""
    if isinstance(warnings, Mapping):
        items = [f"<code>{escape(code)}</code> in {int(count)} batches" for code, count in warnings.items()]
    else:
        items = [_warning(each) for each in warnings]
    listed = f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>" if items else ""
    figure = "" if losses is None else _histogram(losses)
    return f"<div><p><b>{escape(name)}</b>: {escape(', '.join(parts))}</p>{listed}{figure}</div>"


def _warning(warning: LossWarning) -> str:
    kind = f"<code>{escape(warning.code)}</code> ({warning.severity})"
    return f"{kind}: {escape(warning.message)} <i>{escape(warning.fix)}</i>"


def _histogram(losses: Array) -> str:
    """The finite losses as an inline SVG in the text's color; nothing where they are fewer than two."""
    finite = losses[np.isfinite(losses)].astype(np.float64)
    if finite.size < 2:
        return ""
    low, high = float(finite.min()), float(finite.max())
    unit = max(abs(low), abs(high)) or 1.0
    counts, _ = np.histogram(finite / unit, BINS)  # the range of huge losses would overflow
    heights = HEIGHT * counts / counts.max()
    bars = "".join(
        f'<rect x="{BAR_WIDTH * i}" y="{HEIGHT - height:.1f}" width="{BAR_WIDTH - 1}" height="{height:.1f}"/>'
        for i, height in enumerate(heights)
        if height
    )
    infinite = losses.size - finite.size
    caption = f"{finite.size} losses from {low:.4g} to {high:.4g} nats" + (f"; {infinite} infinite" if infinite else "")
    width = BINS * BAR_WIDTH
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{HEIGHT}" fill="currentColor" role="img">'
        f"<title>{caption}</title>{bars}</svg><p>{caption}</p>"
    )
