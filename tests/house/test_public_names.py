"""The public names of xent_core: sorted, complete, explained, and with examples that give what they show."""

import doctest
import importlib
import inspect
import pkgutil
from types import ModuleType

import pytest

import xent_core
from xent_core import InvalidInput, errors

MODULES = [
    importlib.import_module(module.name) for module in pkgutil.walk_packages(xent_core.__path__, prefix="xent_core.")
]
FUNCTIONS = [name for name in xent_core.__all__ if inspect.isfunction(getattr(xent_core, name))]


def test_the_list_of_public_names_is_sorted() -> None:
    assert xent_core.__all__ == sorted(xent_core.__all__)


def test_the_list_of_public_names_is_complete() -> None:
    imported = {
        name
        for name, value in vars(xent_core).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert imported == set(xent_core.__all__)


def test_every_error_is_public() -> None:
    defined = {
        name for name, value in vars(errors).items() if inspect.isclass(value) and issubclass(value, InvalidInput)
    }
    assert defined <= set(xent_core.__all__)


@pytest.mark.parametrize("name", xent_core.__all__)
def test_every_public_name_is_explained(name: str) -> None:
    documentation = vars(getattr(xent_core, name)).get("__doc__") or getattr(xent_core, name).__doc__
    assert documentation
    assert not documentation.startswith(f"{name}("), "written by dataclass, not by us"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_public_function_has_an_example(name: str) -> None:
    assert doctest.DocTestParser().get_examples(inspect.getdoc(getattr(xent_core, name)) or "")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_whatever_may_be_left_out_goes_by_name(name: str) -> None:
    for parameter in inspect.signature(getattr(xent_core, name)).parameters.values():
        optional = parameter.default is not inspect.Parameter.empty
        assert not optional or parameter.kind is inspect.Parameter.KEYWORD_ONLY, parameter.name


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_parameter_and_result_of_a_public_function_has_a_type(name: str) -> None:
    signature = inspect.signature(getattr(xent_core, name))
    assert signature.return_annotation is not inspect.Signature.empty
    assert all(each.annotation is not inspect.Parameter.empty for each in signature.parameters.values())


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_every_module_is_explained_and_its_examples_give_what_they_show(module: ModuleType) -> None:
    assert module.__doc__
    failed, _ = doctest.testmod(module)
    assert failed == 0


def test_examples_are_looked_for_where_they_stand() -> None:
    """That is: running them is no promise kept by finding none."""
    attempted = {module.__name__: doctest.testmod(module).attempted for module in MODULES}
    assert attempted["xent_core.losses.softmax"] >= 2
    assert attempted["xent_core.losses.sigmoid"] >= 2
