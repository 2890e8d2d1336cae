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
objects. Run TensorFlow 2 code in another process. `tf.enable_eager_execution()`, called before
anything else, runs operations at once, as it did from 1.4 on. Importing `unrolled` alone switches
nothing.

A few lines mean something else in early releases. The environment variable `UNROLLED_TF1_RELEASE`
says for which one the program was written (default: 1.15):

    before 1.2   tf.contrib.seq2seq.dynamic_decode returns (outputs, state) without the lengths
    before 1.1   a cell has variables of its own in each scope, so MultiRNNCell([cell] * n) has n
                 sets of them
    before 0.11  LSTM cells and MultiRNNCell have state_is_tuple=False as their default

Where the package tf_keras is installed (`pip install tf_keras`), `tf.keras` is Keras 2, which
trains in a graph, for every package of the process: its `os.environ["TF_USE_LEGACY_KERAS"]` is 1,
which the processes that it starts do not inherit. `import keras` still gives Keras 3. Where
tensorflow_estimator is installed, `tf.estimator` is put back.
"""

from __future__ import annotations

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
from unrolled.tf1 import exports_contrib as _exports_contrib  # noqa: E402
from unrolled.tf1 import exports_private as _exports_private  # noqa: E402
from unrolled.tf1 import import_hook as _import_hook  # noqa: E402
from unrolled.tf1 import packages as _packages  # noqa: E402
from unrolled.tf1.shims import flags as _flags  # noqa: E402

_flags.let_programs_parse()

_import_hook.plant(
    [_exports.EXPORTS, _exports_private.PRIVATE],
    today={
        "": [_v1.__name__],
        # Private, but programs import from there, and what they import is mostly still there.
        **{name: [f"tensorflow.{name}"] for name in ("python", "core", "tools", "compiler")},
        **_exports_contrib.TODAY,
        **_exports_private.TODAY,
        **_packages.behind(),
    },
)

# `%load_ext unrolled.tf1` calls it.
from unrolled.tf1.runner.extension import load_ipython_extension  # noqa: E402, F401
