"""What TensorFlow 2 no longer has, on this package's cells, unrolls and losses.

`unrolled.tf1.tree` says under which old names each thing stands.
"""
