"""What TensorFlow 2 no longer has, on this package's cells, unrolls and losses.

`unrolled.tf1.exports` says under which old names each thing stands.
"""
