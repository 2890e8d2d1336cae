"""Internal helpers, not meant to be imported from outside: they may change at any time.

`unrolled.cells` can be read without these files; for `unrolled.unroll` the first lines of `run.py`
and `loop_lists.py` are enough.
"""
