"""What a recurrent step costs, here and elsewhere: `make benchmarks`, or `python -m benchmarks`.

Every contestant gets the same data and the same starting weights (`cases`), runs in a fresh process
(`worker`), and takes turns with the others (`turns`). `parts` says who runs what, and `record`
writes the one file that the book reads, `src/unrolled/timings.json`.
"""
