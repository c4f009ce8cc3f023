"""Every setting stands in the README, with its default."""

import re

import orjson
import pytest
from pydantic import SecretStr

from app.settings import PREFIX, Settings
from tests.service import ROOT

ROWS = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith(f"| `{PREFIX}")]


@pytest.mark.parametrize("field", Settings.model_fields)
def test_a_setting_has_a_row_with_its_default_and_its_meaning(field: str) -> None:
    name, default = f"{PREFIX}{field.upper()}", Settings.model_fields[field].get_default()
    (row,) = (row for row in ROWS if f"`{name}`" in row)
    _, _, shown, meaning, _ = (cell.strip() for cell in row.split("|"))
    default = default.get_secret_value() if isinstance(default, SecretStr) else default
    written = orjson.dumps(default).decode().strip('"')
    assert shown == ("" if default in (None, "") else f"`{written}`")
    assert meaning == Settings.model_fields[field].description


def test_no_row_is_about_a_setting_that_is_none() -> None:
    documented = {name for row in ROWS for name in re.findall(rf"`{PREFIX}(\w+)`", row)}
    assert documented == {field.upper() for field in Settings.model_fields}
