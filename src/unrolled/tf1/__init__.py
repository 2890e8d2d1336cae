"""TensorFlow 1 as its RNN programs knew it: change a program's imports and nothing else.

    import unrolled.tf1 as tf                   # was: import tensorflow as tf
    from unrolled.tf1.contrib import rnn        # was: from tensorflow.contrib import rnn
    from unrolled.tf1.examples.tutorials.mnist import input_data

What `tf.compat.v1` still has comes from there. What TensorFlow removed is put back on this
package's cells, unrolls and losses (`unrolled.tf1.shims`), under its old names
(`unrolled.tf1.exports`). A name that is in neither raises an AttributeError that says when it was
removed and what to use. `python -m unrolled.tf1 program.py` runs a program without any change.

**Importing this module switches the whole process to TensorFlow 1's behaviours**
(`tf.compat.v1.disable_v2_behavior`): operations build a graph that a session runs, loops and
conditions are those of TensorFlow 1, `tf.Variable` is a reference, a shape holds `Dimension`
objects. This cannot be undone; run TensorFlow 2 code in another process. Importing `unrolled` alone
switches nothing.
"""

from __future__ import annotations

import importlib as _importlib
import logging as _logging

from unrolled.quiet import tensorflow as _tensorflow  # without its native log lines

_v1 = _tensorflow.compat.v1

# It would warn that reference variables are deprecated, which whoever imports this knows.
_log = _logging.getLogger("tensorflow")
_level = _log.level
_log.setLevel(_logging.ERROR)
_v1.disable_v2_behavior()
_log.setLevel(_level)

from unrolled.tf1 import exports as _exports  # noqa: E402
from unrolled.tf1 import import_hook as _import_hook  # noqa: E402
from unrolled.tf1.shims import flags as _flags  # noqa: E402

_flags.let_programs_parse()

_import_hook.plant(
    _exports.EXPORTS,
    still={
        "": _v1,
        # Private, but programs import from there, and what they import is mostly still there.
        "python": _importlib.import_module("tensorflow.python"),
        "core": _importlib.import_module("tensorflow.core"),
    },
)
