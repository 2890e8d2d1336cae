"""How a TensorFlow 1 program is run as it stands, and checked without running it.

`standing` makes `import tensorflow` mean the layer, `program` and `notebook` run a program, `check`
lists what it uses and the layer lacks, `extension` is what `%load_ext unrolled.tf1` loads.
"""
