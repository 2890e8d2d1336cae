"""The cells and unrolls that this layer puts back, under each of the names that they had."""

from __future__ import annotations

from typing import Any

from unrolled.cells import LSTMStateTuple
from unrolled.tf1.shims import before_1_0, fused_rnn, rnn
from unrolled.tf1.shims.cells import (
    cell_base,
    contrib_gated_cells,
    contrib_lstm_cells,
    contrib_rnn_cell,
    contrib_wrappers,
    conv_lstm,
    dropout_wrapper,
    frequency_cells,
    grid_rnn,
    linear,
    phased_lstm,
    rnn_cell,
    rnn_cell_wrappers,
)


def _of(module: Any, names: str) -> dict[str, Any]:
    return {name: getattr(module, name) for name in names.split()}


CELLS = {
    "LSTMStateTuple": LSTMStateTuple,
    **_of(rnn_cell, "RNNCell BasicRNNCell BasicLSTMCell LSTMCell GRUCell"),
    **_of(rnn_cell_wrappers, "MultiRNNCell ResidualWrapper DeviceWrapper"),
    **_of(dropout_wrapper, "DropoutWrapper"),
}
_BLOCK_CELLS = _of(contrib_rnn_cell, "LSTMBlockCell GRUBlockCell GRUBlockCellV2")
_MORE_CELLS = {
    **_BLOCK_CELLS,
    **_of(contrib_rnn_cell, "NASCell LayerNormBasicLSTMCell"),
    **_of(rnn_cell_wrappers, "InputProjectionWrapper OutputProjectionWrapper EmbeddingWrapper"),
}
_CONTRIB_CELLS = {
    **_of(
        contrib_gated_cells,
        "UGRNNCell IntersectionRNNCell SRUCell IndRNNCell IndyGRUCell IndyLSTMCell",
    ),
    **_of(contrib_lstm_cells, "CoupledInputForgetGateLSTMCell GLSTMCell"),
    **_of(phased_lstm, "PhasedLSTMCell"),
    **_of(conv_lstm, "ConvLSTMCell Conv1DLSTMCell Conv2DLSTMCell Conv3DLSTMCell"),
    **_of(frequency_cells, "TimeFreqLSTMCell GridLSTMCell BidirectionalGridLSTMCell"),
    **_of(contrib_wrappers, "AttentionCellWrapper HighwayWrapper CompiledWrapper"),
}
# These were in the module of the cells, and not in tf.contrib.rnn.
_UNLISTED_CELLS = {
    **_of(contrib_lstm_cells, "LayerNormLSTMCell WeightNormLSTMCell"),
    **_of(contrib_gated_cells, "MinimalRNNCell CFNCell"),
}
_LAYER_CELL = _of(cell_base, "LayerRNNCell")
_FUSED_LSTMS = _of(fused_rnn, "LSTMBlockWrapper LSTMBlockFusedCell")
_FUSED_RNNS = _of(fused_rnn, "FusedRNNCell FusedRNNCellAdaptor TimeReversedFusedRNN")
_GRIDS = _of(
    grid_rnn,
    "GridRNNCell Grid2BasicRNNCell Grid2BasicLSTMCell Grid2LSTMCell Grid3LSTMCell Grid2GRUCell",
)
UNROLLS = _of(
    rnn,
    "static_rnn dynamic_rnn bidirectional_dynamic_rnn static_bidirectional_rnn "
    "static_state_saving_rnn",
)
_BATCHES = _of(rnn, "transpose_batch_time best_effort_input_batch_size")
_STACKED = _of(rnn, "stack_bidirectional_rnn stack_bidirectional_dynamic_rnn")

# The private modules behind these, which programs imported all the same, mostly for `_linear`, or
# for `_Linear` from 1.3 on. They moved from release to release.
RNN_CELL_MODULE = {
    **CELLS,
    **_MORE_CELLS,
    **_LAYER_CELL,
    "_linear": linear.linear,
    "linear": linear.linear,
    "_Linear": linear.Linear,
}
RNN_MODULE = {**UNROLLS, **_of(before_1_0, "rnn bidirectional_rnn")}

EXPORTS: dict[str, dict[str, Any]] = {
    "contrib.grid_rnn": _GRIDS,
    "contrib.grid_rnn.python.ops.grid_rnn_cell": _GRIDS,
    "contrib.rnn": {
        **CELLS,
        **_MORE_CELLS,
        **_CONTRIB_CELLS,
        **_LAYER_CELL,
        **_FUSED_LSTMS,
        **_FUSED_RNNS,
        **UNROLLS,
        **_BATCHES,
        **_STACKED,
    },
    "contrib.rnn.core_rnn_cell": RNN_CELL_MODULE,
    "contrib.rnn.python.ops.core_rnn": RNN_MODULE,
    "contrib.rnn.python.ops.core_rnn_cell": RNN_CELL_MODULE,
    "contrib.rnn.python.ops.core_rnn_cell_impl": RNN_CELL_MODULE,
    "contrib.rnn.python.ops.fused_rnn_cell": _FUSED_RNNS,
    "contrib.rnn.python.ops.gru_ops": _BLOCK_CELLS,
    "contrib.rnn.python.ops.lstm_ops": {**_BLOCK_CELLS, **_FUSED_LSTMS},
    "contrib.rnn.python.ops.rnn": _STACKED,
    "contrib.rnn.python.ops.rnn_cell": {
        **RNN_CELL_MODULE,
        **_CONTRIB_CELLS,
        **_UNLISTED_CELLS,
    },
    "models.rnn.linear": _of(linear, "linear"),
    "models.rnn.rnn": RNN_MODULE,
    "models.rnn.rnn_cell": RNN_CELL_MODULE,
    "nn.rnn_cell": {**CELLS, **_MORE_CELLS, **_of(linear, "linear"), "_linear": linear.linear},
    "python.ops.rnn": RNN_MODULE,
    "python.ops.rnn_cell": RNN_CELL_MODULE,
    "python.ops.rnn_cell_impl": RNN_CELL_MODULE,
}
