"""Importing `unrolled.tf1` switches a process for good, so these tests run in one of their own."""

import pytest

import unrolled.quiet  # noqa: F401  first: keeps native log lines off the screen
import unrolled.tf1 as tf  # noqa: E402

# Nearly every graph here runs once. Rewriting it first never pays, and takes a quarter of the time.
tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})


@pytest.fixture(autouse=True)
def new_graph():
    """Every test starts with an empty default graph, as a program does."""
    tf.reset_default_graph()
    tf.set_random_seed(1)
    yield
    tf.reset_default_graph()
