"""What docstrings promise: an example for each exported name, and the parameters that are there."""

import importlib
import inspect
import pkgutil
import re

import lab

PARTS = sorted(module.name for module in pkgutil.iter_modules(lab.__path__) if module.ispkg)
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(lab.__path__, "lab.")
    if not module.name.endswith("__main__")
)
# Their examples are shown and not run: they need a network, a download, a server or minutes.
NOT_RUN = {
    *("embed.endpoint", "load.hub", "load.hub_parts", "load.to_dataset", "report.render"),
    *("score.fineweb_edu", "score.image_indicators"),
    *("score.image_text", "score.indicators", "score.reward", "score.unieval"),
}
SECTION = re.compile(r"\n(\w[\w ]*)\n-+\n")


def exported():
    for part in PARTS:
        module = importlib.import_module(f"lab.{part}")
        for name in module.__all__:
            if callable(getattr(module, name)) and not inspect.ismodule(getattr(module, name)):
                yield f"{part}.{name}", getattr(module, name)


def described():
    """Yield every public function and class of the package whose docstring lists parameters."""
    for name in MODULES:
        module = importlib.import_module(name)
        for key, value in vars(module).items():
            here = getattr(value, "__module__", None) == name and not key.startswith("_")
            if not here or not (inspect.isroutine(value) or inspect.isclass(value)):
                continue
            owners = [(key, value)]
            if inspect.isclass(value):
                owners += [
                    (f"{key}.{k}", v) for k, v in vars(value).items() if inspect.isfunction(v)
                ]
            for label, owner in owners:
                if "\nParameters\n---" in (inspect.getdoc(owner) or ""):
                    yield f"{name}.{label}", owner


def parameters(text):
    """Return the names in the section Parameters of a docstring."""
    parts = SECTION.split(text)
    section = parts[parts.index("Parameters") + 1]
    lines = [line for line in section.splitlines() if line and not line.startswith(" ")]
    return [name for line in lines for name in re.split(r", ", line.partition(" :")[0].strip())]


def test_every_exported_name_shows_an_example():
    missing = {name for name, value in exported() if ">>> " not in (inspect.getdoc(value) or "")}
    assert not missing


def test_examples_run_but_for_those_that_need_more_than_is_there():
    skipped = {name for name, value in exported() if "+SKIP" in (inspect.getdoc(value) or "")}
    assert skipped == NOT_RUN


def test_the_parameters_described_are_those_taken():
    wrong = {}
    for name, owner in described():
        taken = inspect.signature(owner).parameters
        held = [key for key in taken if key not in ("self", "cls") and not key.startswith("_")]
        told = parameters(inspect.getdoc(owner))
        if sorted(told) != sorted(held):
            wrong[name] = (told, held)
    assert not wrong
