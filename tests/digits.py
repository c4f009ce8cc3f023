"""Numbers in printed text, of which the last digits depend on the machine."""

import re


def to_six_digits(text: str) -> str:
    """Of float32 the further ones depend on what computes exp."""
    return re.sub(r"\d+\.\d+", lambda number: f"{float(number[0]):.6g}", text)
