"""What `tf_keras`, which is Keras 2.15 and later, has changed since the `tf.keras` of 1.15.

Its recurrent layers put the variables of a cell into a scope of the cell's own:
`lstm/lstm_cell/kernel`, where 1.15, and so a checkpoint of the time, has `lstm/kernel`.
"""

from __future__ import annotations

import contextlib as _contextlib
from types import ModuleType as _ModuleType
from typing import Any as _Any

from tf_keras.src.layers.rnn import base_rnn as _base_rnn
from tf_keras.src.layers.rnn import stacked_rnn_cells as _stacked_rnn_cells


class _WithoutScopes(_ModuleType):
    """Keras's backend for two of its modules, which open a scope for a cell and for no more."""

    def __init__(self, backend: _ModuleType):
        super().__init__(backend.__name__)
        self.backend = backend

    def __getattr__(self, name: str) -> _Any:
        return getattr(self.backend, name)

    def name_scope(self, name: str) -> _contextlib.AbstractContextManager[None]:
        return _contextlib.nullcontext()


for _module in (_base_rnn, _stacked_rnn_cells):
    _module.backend = _WithoutScopes(_module.backend)
