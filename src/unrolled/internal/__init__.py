"""What serves the package and is not meant to be imported from outside: it may change at any time.

Nothing here is needed to read `unrolled.cells` or `unrolled.unroll` from top to bottom.
"""
