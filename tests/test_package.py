"""What a person meets who imports the package: names, docstrings, and how long it takes."""

import importlib
import inspect
import subprocess
import sys

import pytest

import unrolled


def imported_by(statement):
    """Modules that a fresh Python holds after `statement`."""
    code = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=600
    )
    return set(done.stdout.split())


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    "statement",
    [
        "import unrolled",
        "import unrolled.reference",
        "import unrolled.mnist",
        "import unrolled.figures",
        "import unrolled.tasks",
        "from unrolled import reference, mnist, figures, tasks",
    ],
)
def test_numpy_parts_do_not_wait_for_tensorflow(statement):
    loaded = imported_by(statement)
    assert "tensorflow" not in loaded
    assert "keras" not in loaded


def test_reference_imports_nothing_of_the_package():
    loaded = imported_by("import unrolled.reference")
    assert {name for name in loaded if name.startswith("unrolled")} == {
        "unrolled",
        "unrolled.reference",
    }


def test_every_public_name_is_there():
    for name in unrolled.__all__:
        thing = getattr(unrolled, name)
        assert name in ("State", "TensorLike") or thing.__name__ == name  # these are unions
    assert set(unrolled.__all__) <= set(dir(unrolled))


def test_an_unknown_name_is_told():
    with pytest.raises(AttributeError, match="no attribute 'rnn'; it has .*static_rnn"):
        _ = unrolled.rnn


MODULES = [
    "contract",
    "cells",
    "unroll",
    "losses",
    "sequences",
    "reference",
    "models",
    "training",
    "mnist",
    "tasks",
    "wrappers",
    "figures",
    "convert",
]


def public_things():
    for module_name in MODULES:
        module = importlib.import_module(f"unrolled.{module_name}")
        yield module_name, module
        for name, thing in vars(module).items():
            if name.startswith("_") or not callable(thing) or not inspect.getmodule(thing):
                continue
            if inspect.getmodule(thing).__name__.startswith(f"unrolled.{module_name}"):
                yield f"{module_name}.{name}", thing
                if inspect.isclass(thing):
                    for method, function in vars(thing).items():
                        if inspect.isfunction(function) and not method.startswith("_"):
                            yield f"{module_name}.{name}.{method}", function


THINGS = dict(public_things())


@pytest.mark.parametrize("name", THINGS)
def test_has_a_docstring(name):
    assert inspect.getdoc(THINGS[name]), f"{name} has no docstring"


@pytest.mark.parametrize(
    "name", [n for n, thing in THINGS.items() if inspect.isfunction(inspect.unwrap(thing))]
)
def test_has_type_hints(name):
    signature = inspect.signature(THINGS[name])
    bare = [
        p.name
        for p in signature.parameters.values()
        if p.annotation is p.empty and p.name not in ("self", "cls")
    ]
    assert not bare, f"{name} lacks type hints for {bare}"
    assert signature.return_annotation is not signature.empty, f"{name} says not what it returns"


@pytest.mark.parametrize("name", ["static_rnn", "dynamic_rnn", "bidirectional_dynamic_rnn"])
def test_unrolls_open_with_the_loop_they_stand_for(name):
    lines = inspect.getdoc(getattr(unrolled, name)).split("\n")
    assert lines[2].startswith("    "), "the third line is code"
