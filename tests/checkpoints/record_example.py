"""Run the program of chapter 14 on an old release and keep what it leaves: see README.md."""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile

import tensorflow as tf

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLE = os.path.join(HERE, "..", "..", "src", "unrolled", "example.zip")
INSIDE = {"1.15": "", "1.0": "1.0/"}[".".join(tf.__version__.split(".")[:2])]
KEPT = {
    "": "wave.ckpt-200.data-00000-of-00001 wave.ckpt-200.index wave.ckpt-300.data-00000-of-00001 "
    "wave.ckpt-300.index wave.ckpt-300.meta results.npz",
    "1.0/": "wave.ckpt-300.data-00000-of-00001 wave.ckpt-300.index results.npz",
}


def main():
    folder = tempfile.mkdtemp()
    with zipfile.ZipFile(EXAMPLE) as file:
        contents = {name: file.read(name) for name in file.namelist()}
    for name in ("old_program.py", "waves.npz"):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(contents[name])
    subprocess.check_call([sys.executable, "old_program.py"], cwd=folder)
    for name in KEPT[INSIDE].split():
        with open(os.path.join(folder, name), "rb") as file:
            contents[INSIDE + name] = file.read()
    with zipfile.ZipFile(EXAMPLE, "w", zipfile.ZIP_DEFLATED) as file:
        for name in sorted(contents):
            file.writestr(name, contents[name])
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
