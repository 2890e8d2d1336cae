"""`HParams` of `tf.contrib.training`: the settings of a run, by name and with their types."""

from __future__ import annotations

import json
import numbers
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

# name = value, or name[3] = value, or name = [value, value], each up to a comma or the end.
_ASSIGNMENT = re.compile(
    r"(?P<name>[a-zA-Z][\w.]*)(\[\s*(?P<index>\d+)\s*\])?\s*=\s*"
    r"((?P<one>[^,\[]*)|\[(?P<several>[^\]]*)\])($|,\s*)"
)


class HParams:
    """Settings by name, which are attributes too: HParams(rate=0.1, units=[8, 8]).

    The first value of a setting decides on its type, a number, bool, string or list of such; later
    values must fit.

    Args:
      hparam_def: a message that `to_proto` of TensorFlow 1 wrote: not put back (default: none).
      model_structure: kept for `get_model_structure` (default: none).
      **kwargs: the settings.

    Raises:
      ValueError: `hparam_def` is given, a list is empty, or a name is that of a method.
    """

    def __init__(self, hparam_def: Any = None, model_structure: Any = None, **kwargs: Any):
        if hparam_def is not None:
            raise ValueError(
                "hparam_def of HParams must be left out, and the settings given by name, since "
                f"unrolled.tf1 does not put it back; got a {type(hparam_def).__name__}."
            )
        self._types: dict[str, tuple[type, bool]] = {}  # of a value, and whether it is a list
        self._model_structure = model_structure
        for name, value in kwargs.items():
            self.add_hparam(name, value)

    def add_hparam(self, name: str, value: Any) -> None:
        """Add a setting.

        Raises:
          ValueError: there is a setting or a method of that name, or the value is an empty list.
        """
        if getattr(self, name, None) is not None:
            raise ValueError(
                f"name of a new setting must be free, and not that of a method; got {name!r}."
            )
        is_list = isinstance(value, (list, tuple))
        if is_list and not value:
            raise ValueError(f"{name} must hold at least one value, for its type; got {value!r}.")
        self._types[name] = type(value[0] if is_list else value), is_list
        setattr(self, name, value)

    def set_hparam(self, name: str, value: Any) -> None:
        """Give a setting a new value.

        Raises:
          KeyError: there is no setting of that name.
          ValueError: the value does not fit its type.
        """
        kind, is_list = self._types[name]
        if is_list != isinstance(value, list):
            wanted = f"a list of {kind.__name__}" if is_list else f"one {kind.__name__}"
            raise ValueError(f"{name} must be {wanted}; got {value!r}.")
        setattr(
            self,
            name,
            [_cast(name, kind, one) for one in value] if is_list else _cast(name, kind, value),
        )

    def del_hparam(self, name: str) -> None:
        """Remove a setting, if there is one of that name."""
        if hasattr(self, name):
            delattr(self, name)
            del self._types[name]

    def parse(self, values: str) -> HParams:
        """Set what "rate=0.1,units=[8,16],name=lstm" says.

        Returns:
          These settings.

        Raises:
          ValueError: the text cannot be read, or there is no setting of a name.
        """
        return self.override_from_dict(
            parse_values(values, {name: kind for name, (kind, _) in self._types.items()})
        )

    def override_from_dict(self, values_dict: Mapping[str, Any]) -> HParams:
        """Set several, as `set_hparam` does.

        Returns:
          These settings.
        """
        for name, value in values_dict.items():
            self.set_hparam(name, value)
        return self

    set_from_map = override_from_dict

    def set_model_structure(self, model_structure: Any) -> None:
        """Keep a value for `get_model_structure`."""
        self._model_structure = model_structure

    def get_model_structure(self) -> Any:
        """What was kept, or None."""
        return self._model_structure

    def to_json(self, indent: Any = None, separators: Any = None, sort_keys: bool = False) -> str:
        """The settings as JSON, written as `json.dumps` does."""
        return json.dumps(self.values(), indent=indent, separators=separators, sort_keys=sort_keys)

    def parse_json(self, values_json: str) -> HParams:
        """Set what a JSON object says, as `override_from_dict` does."""
        return self.override_from_dict(json.loads(values_json))

    def values(self) -> dict[str, Any]:
        """All settings by name."""
        return {name: getattr(self, name) for name in self._types}

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a setting, or `default` if there is none of that name.

        Raises:
          ValueError: there is one, and the default does not fit its type.
        """
        if key not in self._types:
            return default
        kind, is_list = self._types[key]
        if default is not None:
            if is_list != isinstance(default, list):
                wanted = f"a list of {kind.__name__}" if is_list else f"one {kind.__name__}"
                raise ValueError(f"default of {key} must be {wanted}; got {default!r}.")
            for one in default if is_list else [default]:
                _cast(key, kind, one)
        return getattr(self, key)

    def __contains__(self, key: str) -> bool:
        return key in self._types

    def __str__(self) -> str:
        return ",".join(f"{name}={value}" for name, value in self.values().items())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({sorted(self.values().items())})"

    def to_proto(self, export_scope: str | None = None) -> NoReturn:
        """Not put back; `to_json` writes the settings.

        Raises:
          NotImplementedError: always.
        """
        raise NotImplementedError(
            "to_proto of HParams is not put back by unrolled.tf1; use to_json and parse_json."
        )


def parse_values(
    values: str, type_map: Mapping[str, type], ignore_unknown: bool = False
) -> dict[str, Any]:
    """Read "rate=0.1,units=[8,16],sizes[1]=3" -> {"rate": 0.1, "units": [8, 16], "sizes": {1: 3}}.

    Args:
      values: the text.
      type_map: a type for each name, that of an element for a list.
      ignore_unknown: leave out names without a type (default: raise).

    Raises:
      ValueError: the text cannot be read, a name comes twice or has no type, or a value does not
        fit.
    """
    read: dict[str, Any] = {}
    position = 0
    while position < len(values):
        found = _ASSIGNMENT.match(values, position)
        if not found:
            raise ValueError(
                "settings must be written as name=value or name=[value,value], with commas "
                f"between; got {values[position:]!r}."
            )
        position = found.end()
        name, index, one, several = found["name"], found["index"], found["one"], found["several"]
        if name not in type_map:
            if ignore_unknown:
                continue
            raise ValueError(
                f"names of settings must be among {', '.join(type_map)}; got {name!r}."
            )
        parse = _parser(name, type_map[name])
        if several is None:
            value = parse(one)
        else:
            value = [parse(element) for element in re.split("[ ,]", several) if element]
        if index is None:
            if name in read:
                raise ValueError(f"{name} must be set once; got {values!r}.")
            read[name] = value
            continue
        if several is not None:
            raise ValueError(f"{name}[{index}] must be set to one value; got [{several}].")
        elements = read.setdefault(name, {})
        if not isinstance(elements, dict) or int(index) in elements:
            raise ValueError(f"{name}[{index}] must be set once; got {values!r}.")
        elements[int(index)] = value
    return read


def _parser(name: str, kind: type) -> Callable[[str], Any]:
    words = {"true": True, "True": True, "false": False, "False": False}

    def parse(text: str) -> Any:
        try:
            if kind is bool:
                return words[text] if text in words else bool(int(text))
            return kind(text)
        except ValueError:
            raise ValueError(f"{name} must be of type {kind.__name__}; got {text!r}.") from None

    return parse


def _cast(name: str, kind: type, value: Any) -> Any:
    """The value in the type of the setting: a whole number becomes a float, and no more."""
    if type(value) is kind or kind is type(None):
        return value
    fits = issubclass(kind, bool) == isinstance(value, bool)
    for wide in ((str, bytes), numbers.Number):
        fits = fits and (not issubclass(kind, wide) or isinstance(value, wide))
    if issubclass(kind, numbers.Integral):
        fits = fits and isinstance(value, numbers.Integral)
    if not fits:
        raise ValueError(f"{name} must be of type {kind.__name__}; got {value!r}.")
    return kind(value)
