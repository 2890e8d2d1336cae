"""The pictures of the book, in one vocabulary of drawing; NumPy and Matplotlib alone.

Every function returns a Matplotlib `Figure`, which a notebook shows when it is a cell's last line,
or, with `ax=`, draws on those axes and returns them. The same call gives the same bytes.
"""

from .backwards import two_steps_back
from .chains import (
    bidirectional,
    encoder_decoder,
    feedforward_and_recurrent,
    forced_and_alone,
    four_shapes,
    layer,
    one_number,
    stack,
    unrolled,
)
from .decisions import questions
from .digits import beliefs, image_as_rows, images, mnist_network
from .gates import cell_diagram
from .graphs import (
    lstm_operations,
    operations,
    segments,
    then_and_now,
    while_loop,
    written_out,
)
from .grids import batch, kernel_blocks, kernel_for_keras, layouts, loss_masked
from .letters import streams, surprise, unit
from .memory import gates_over_time, memory_line, seeds_in_rows, seeds_side_by_side
from .mistakes import sightings, slices
from .networks import calls, network
from .plots import (
    cost_curves,
    curves,
    descent,
    graph_growth,
    heat,
    stacked_bars,
    time_bars,
    time_steps,
)
from .scans import filled_states, joined_steps
from .searches import looking_back, search_tree
from .style import png, use_style
from .workers import ring, shares

__all__ = [
    "batch",
    "beliefs",
    "bidirectional",
    "calls",
    "cell_diagram",
    "cost_curves",
    "curves",
    "descent",
    "encoder_decoder",
    "feedforward_and_recurrent",
    "filled_states",
    "forced_and_alone",
    "four_shapes",
    "gates_over_time",
    "graph_growth",
    "heat",
    "image_as_rows",
    "images",
    "joined_steps",
    "kernel_blocks",
    "kernel_for_keras",
    "layer",
    "layouts",
    "looking_back",
    "loss_masked",
    "lstm_operations",
    "memory_line",
    "mnist_network",
    "network",
    "one_number",
    "operations",
    "png",
    "questions",
    "ring",
    "search_tree",
    "seeds_in_rows",
    "seeds_side_by_side",
    "segments",
    "shares",
    "sightings",
    "slices",
    "stack",
    "stacked_bars",
    "streams",
    "surprise",
    "then_and_now",
    "time_bars",
    "time_steps",
    "two_steps_back",
    "unit",
    "unrolled",
    "use_style",
    "while_loop",
    "written_out",
]
