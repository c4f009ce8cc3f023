"""The README says what the code says."""

from pathlib import Path

from xent_core.losses import CATALOGUE
from xent_core.losses.loss import Entry

README = Path(__file__).parents[2] / "README.md"


def row(entry: Entry) -> str:
    same_as = ", ".join(f"`{name}`" for name in entry.same_as)
    return f"| `{entry.loss_type}` | {entry.use_when} | {entry.label_form} | {same_as} |"


def test_the_comparison_of_losses_is_the_catalogues() -> None:
    lines = README.read_text().splitlines()
    for entry in CATALOGUE.values():
        if entry.endpoint == "/v1/loss":
            assert row(entry) in lines
