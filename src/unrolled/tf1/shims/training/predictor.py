"""`tf.contrib.predictor`: run a saved model as a function of a dictionary."""

from __future__ import annotations

from typing import Any

import tensorflow.compat.v1 as tf


class SavedModelPredictor:
    """A saved model in a session of its own; `predictor({name: array})` gives {name: array}.

    The arguments are those of `from_saved_model`.
    """

    def __init__(
        self,
        export_dir: str,
        signature_def_key: str | None = None,
        signature_def: Any = None,
        input_names: dict[str, str] | None = None,
        output_names: dict[str, str] | None = None,
        tags: str | None = None,
        graph: tf.Graph | None = None,
        config: Any = None,
    ):
        if (input_names is None) != (output_names is None):
            raise ValueError(
                "input_names and output_names must be given together; "
                f"got {input_names} and {output_names}."
            )
        ways = {
            "signature_def_key": signature_def_key,
            "signature_def": signature_def,
            "input_names": input_names,
        }
        given = [name for name, value in ways.items() if value is not None]
        if len(given) > 1:
            raise ValueError(f"one of {', '.join(ways)} must be given; got {', '.join(given)}.")
        self.graph = graph or tf.Graph()
        with self.graph.as_default():
            self.session = tf.Session(config=config)
            loaded = tf.saved_model.loader.load(
                self.session, [tag.strip() for tag in (tags or "serve").split(",")], export_dir
            )
        if input_names is None or output_names is None:
            if signature_def is None:
                signature_def = _signature(loaded, signature_def_key or "serving_default")
            input_names = {key: info.name for key, info in signature_def.inputs.items()}
            output_names = {key: info.name for key, info in signature_def.outputs.items()}
        find = self.graph.get_tensor_by_name
        self.feed_tensors = {key: find(name) for key, name in input_names.items()}
        self.fetch_tensors = {key: find(name) for key, name in output_names.items()}

    def __call__(self, input_dict: dict[str, Any]) -> dict[str, Any]:
        """Run the model.

        Args:
          input_dict: values by the names of `feed_tensors`.

        Returns:
          Values by the names of `fetch_tensors`.

        Raises:
          ValueError: a name is not one of the inputs.
        """
        unknown = set(input_dict) - set(self.feed_tensors)
        if unknown:
            raise ValueError(
                f"inputs of this predictor must be among {', '.join(self.feed_tensors)}; "
                f"got {', '.join(sorted(unknown))}."
            )
        feed = {self.feed_tensors[key]: value for key, value in input_dict.items()}
        return self.session.run(self.fetch_tensors, feed)


def _signature(loaded: Any, key: str) -> Any:
    for name in (key, f"default_input_alternative:{key}"):
        if name in loaded.signature_def:
            return loaded.signature_def[name]
    raise ValueError(
        f"signature_def_key must be among {', '.join(loaded.signature_def)}; got {key!r}."
    )


def from_saved_model(
    export_dir: str,
    signature_def_key: str | None = None,
    signature_def: Any = None,
    input_names: dict[str, str] | None = None,
    output_names: dict[str, str] | None = None,
    tags: str | None = None,
    graph: tf.Graph | None = None,
    config: Any = None,
) -> SavedModelPredictor:
    """A predictor of a saved model of TensorFlow 1.

    Args:
      export_dir: the folder of the model.
      signature_def_key: which of its signatures (default: "serving_default").
      signature_def: a signature, in place of a key.
      input_names, output_names: names of tensors by names of your own, in place of a key.
      tags: of the graph, with commas between (default: "serve").
      graph: where the model is loaded (default: a new graph).
      config: of the session (default: that of `tf.Session`).

    Raises:
      ValueError: there is no such signature, or more than one way is given.
    """
    return SavedModelPredictor(
        export_dir, signature_def_key, signature_def, input_names, output_names, tags, graph, config
    )
