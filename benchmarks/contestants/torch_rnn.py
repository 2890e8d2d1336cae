"""PyTorch: `nn.RNN` and `nn.GRU`, eager and compiled.

PyTorch has two biases a layer and trains both; here the second is zero and stays so, which leaves
one bias as everywhere else. Its GRU resets after the product, r · (h K), where the published
formula resets before it, (r · h) K: another arithmetic at the same cost.
"""

from __future__ import annotations

import os

import numpy as np
import torch

from benchmarks import cases
from benchmarks.cases import Case
from benchmarks.contestants import Prepared

torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))


def recurrent_layers(
    case: Case, mode: str, compiled: bool = False, fused_adam: bool = True
) -> Prepared:
    """One step of the layers, a linear layer, and Adam in one operation, or as PyTorch chooses."""
    x, y = (torch.tensor(array) for array in cases.data(case))
    y = y.long()
    layer_class = {"basic": torch.nn.RNN, "gru": torch.nn.GRU}[case.kind]
    rnn = layer_class(case.D, case.U, case.layers, batch_first=True)
    linear = torch.nn.Linear(case.U, cases.CLASSES)
    _load(rnn, linear, cases.weights(case), case.U)
    parameters = [p for p in (*rnn.parameters(), *linear.parameters()) if p.requires_grad]
    optimizer = torch.optim.Adam(
        parameters, cases.LEARNING_RATE, eps=cases.EPSILON, fused=fused_adam or None
    )

    def logits() -> torch.Tensor:
        return linear(rnn(x)[0][:, -1])

    def loss() -> torch.Tensor:
        return torch.nn.functional.cross_entropy(logits(), y)

    forward = torch.compile(logits) if compiled else logits
    forward_loss = torch.compile(loss) if compiled else loss

    def train() -> torch.Tensor:
        optimizer.zero_grad()
        value = forward_loss()
        value.backward()
        optimizer.step()
        return value.detach()

    def infer() -> torch.Tensor:
        with torch.inference_mode():
            return forward()

    return Prepared(train, float) if mode == "train" else Prepared(infer, np.asarray)


def _load(rnn: torch.nn.RNNBase, linear: torch.nn.Linear, start: cases.Weights, units: int) -> None:
    """The shared weights, transposed as PyTorch has them; a GRU's blocks are r, u, h."""
    with torch.no_grad():
        for i, values in enumerate(start.layers):
            kernel = np.concatenate([a for n, a in values.items() if n.endswith("kernel")], axis=1)
            bias = np.concatenate([a for n, a in values.items() if n.endswith("bias")])
            getattr(rnn, f"weight_ih_l{i}").copy_(torch.tensor(kernel[:-units].T))
            getattr(rnn, f"weight_hh_l{i}").copy_(torch.tensor(kernel[-units:].T))
            getattr(rnn, f"bias_ih_l{i}").copy_(torch.tensor(bias))
            getattr(rnn, f"bias_hh_l{i}").zero_().requires_grad_(False)
        linear.weight.copy_(torch.tensor(start.kernel.T))
        linear.bias.copy_(torch.tensor(start.bias))
