"""Public TensorFlow 1 programs, run on `unrolled.tf1`: `make gallery`, or `python -m gallery`.

`programs.toml` names the programs by address and commit and says what was touched in them, by line
number. `running` clones each, makes the edits and the data (`edits`, `data`), runs it and notes
what came of it in `results.json`; `page` writes the page of the book from both. Only facts about
the programs are kept here, none of their text.
"""
