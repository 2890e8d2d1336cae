"""The public names of TensorFlow 1.15, as `names.json` lists them."""

from __future__ import annotations

import functools
import json
from importlib import resources

# Modules inside these were never listed, nor were those that contrib had to be asked for by import.
_INSIDE = frozenset("compat compiler contrib core examples lite python raw_ops tools".split())
_BY_IMPORT = frozenset(
    "all_reduce bigtable boosted_trees cmake decision_trees fused_conv hadoop hooks ignite kafka "
    "kinesis libsvm meta_graph_transform nearest_neighbor rate session_bundle tensorrt text".split()
)


@functools.cache
def names_of_1_15() -> dict[str, list[str]]:
    """{module of TensorFlow 1.15, such as "contrib.rnn": its public names}; "" is `tf` itself."""
    text = resources.files("unrolled.tf1").joinpath("names.json").read_text(encoding="utf-8")
    return {module: listed.split() for module, listed in json.loads(text).items()}


def inside(module: str) -> list[str]:
    """The names in a module of 1.15 and the modules below it; none where it had no such module."""
    names = names_of_1_15()
    start = f"{module}." if module else ""
    below = [other[len(start) :] for other in names if other.startswith(start) and other != module]
    return [*names.get(module, []), *(other for other in below if "." not in other)]


def elsewhere(name: str) -> str | None:
    """The public name of 1.15 that ends like this one, the shortest of several, or None."""
    last = name.rpartition(".")[2]
    names = {
        module: listed
        for module, listed in names_of_1_15().items()
        if module.partition(".")[0] not in ("contrib", "keras")
    }
    found = [f"{module}.{last}".lstrip(".") for module, listed in names.items() if last in listed]
    return min(found, key=len, default=None)


def absent(name: str) -> str | None:
    """The shortest beginning of a name that TensorFlow 1.15 lacked.

    Args:
      name: such as "contrib.rnn.GRUCell".

    Returns:
      For instance "contrib.rn" for "contrib.rn.GRUCell"; None where 1.15 had the name, or where the
      list does not tell: it holds neither private modules nor the attributes of a class, and of
      contrib no modules inside modules.
    """
    names = names_of_1_15()
    parts = name.split(".")
    for i, part in enumerate(parts):
        above, here = ".".join(parts[:i]), ".".join(parts[: i + 1])
        if here in names or here == "contrib":
            continue
        listed = inside(above)
        may_be_a_module = above.startswith("contrib.") and part[0].islower()
        unlisted = part in (_BY_IMPORT if above == "contrib" else _INSIDE)
        if part in listed or part.startswith("_") or unlisted or may_be_a_module or not listed:
            return None
        return here
    return None
