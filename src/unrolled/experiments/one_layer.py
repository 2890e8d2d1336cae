"""How near does a network with a single layer come to document B's two logs?

The document's first network is one basic layer of 31 units, its second has three such layers. Here
single layers train as the document's networks do: one of 31 units, and one of 63, which has as many
recurrent weights as the three layers. A column holds of each what the log shows, epoch by epoch,
and the accuracies on all validation and test images.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

import unrolled as u
from unrolled import models
from unrolled.experiments import three_layers

SEEDS = (1, 3, 4)
EPOCHS = three_layers.EPOCHS
UNITS = (31, 63)  # 63 have 5,796 recurrent weights, three layers of 31 have 5,766
KEPT = ("loss", "worst training batch", "worst test batch", "validation", "test")


def run(units: int, seed: int, epochs: int = EPOCHS) -> dict[str, Any]:
    """Train a single layer as document B trains its networks."""
    tf.random.set_seed(seed)  # decides the starting weights
    model = models.SequenceClassifier(u.BasicRNNCell(units), 10, static=True)
    model(np.zeros([1, 28, 28], np.float32))  # makes the variables
    return three_layers.train(model, epochs)


def column(seed: int) -> dict[str, Any]:
    found = {}
    for units in UNITS:
        result = run(units, seed)
        found.update({f"{units} units, {what}": result[what] for what in KEPT})
    return found
