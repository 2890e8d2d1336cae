"""`tf.flags` as it was before absl, on which that of `tf.compat.v1` is built.

Before 1.5, `FLAGS.__flags` held values, and a program could set a flag that it had not defined.
From 1.5 on it holds objects with a value. A program that calls `FLAGS._parse_flags()` is of the
first kind. Most others only print what they find, and so a flag prints as its value.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator, MutableMapping, Sequence
from typing import Any

import tensorflow.compat.v1 as tf
from absl import flags

FLAGS = flags.FLAGS


def let_programs_parse() -> None:
    """Free the names of absl's own flags, and give FLAGS what it had before 1.5."""
    for name in FLAGS:
        FLAGS[name].allow_override = True  # so that a program may define --log_dir, or --v
    object.__setattr__(FLAGS, "__class__", _Flags)
    vars(FLAGS)["_parse_flags"] = _parse
    vars(tf.flags.FLAGS)["__flags"] = _Own()  # where releases from 1.5 on have nothing
    setattr(flags.Flag, "__str__", lambda flag: str(flag.value))  # noqa: B010
    setattr(flags.Flag, "__repr__", lambda flag: repr(flag.value))  # noqa: B010


def _parse(args: Sequence[str] | None = None) -> list[str]:
    vars(FLAGS)["_holds_values"] = True
    return FLAGS([sys.argv[0], *(sys.argv[1:] if args is None else args)], known_only=True)[1:]


class _Flags(flags.FlagValues):
    def __setitem__(self, name: str, flag: flags.Flag) -> None:
        # A cell of a notebook that defines flags may be run again.
        if name in self and hasattr(builtins, "__IPYTHON__"):
            self[name].allow_override = True
        super().__setitem__(name, flag)

    def __setattr__(self, name: str, value: Any) -> Any:
        if name not in self and not name.startswith("_"):
            self[name] = flags.Flag(flags.ArgumentParser(), None, name, None, "set, not defined")
        return super().__setattr__(name, value)


class _Values(dict[str, Any]):
    """{flag: value} of the program's own flags; to set one here sets the flag."""

    def __setitem__(self, name: str, value: Any) -> None:
        setattr(FLAGS, name, value)
        super().__setitem__(name, value)


class _Own(MutableMapping[str, Any]):
    """`FLAGS.__dict__["__flags"]` before 1.5: as `_Values`, and parsed once something is read."""

    def __getitem__(self, name: str) -> Any:
        return _values(FLAGS)[name]

    def __setitem__(self, name: str, value: Any) -> None:
        setattr(FLAGS, name, value)

    def __delitem__(self, name: str) -> None:
        delattr(FLAGS, name)

    def __iter__(self) -> Iterator[str]:
        return iter(_values(FLAGS))

    def __len__(self) -> int:
        return len(_values(FLAGS))

    def __repr__(self) -> str:
        return repr(dict(self))


def _values(these: flags.FlagValues) -> _Values:
    if not these.is_parsed():
        these(sys.argv, known_only=True)
    theirs = {
        name
        for module, defined in these.flags_by_module_dict().items()
        if module.startswith(("absl.", "tensorflow."))
        for flag in defined
        for name in (flag.name, flag.short_name)
    }
    own = {name: these[name].value for name in these if name not in theirs}
    return _Values(own)


def _read(these: flags.FlagValues) -> dict[str, Any]:
    return _values(these) if vars(these).get("_holds_values") else vars(these)["__flags"]


# By name, as Python would give a name with two underscores another inside a class.
setattr(_Flags, "__flags", property(_read))
