"""Write checkpoints with an old release of TensorFlow: see README.md."""

import json
import os
import shutil
import sys

import tensorflow as tf

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, FOLDER)
import old_programs as programs  # noqa: E402

VERSION = tuple(int(part) for part in tf.__version__.split(".")[:2])
RELEASE = ".".join(tf.__version__.split(".")[:2])


def main():
    folder = os.path.join(FOLDER, "written_by_" + RELEASE)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    results = {}
    for name, function in sorted(programs.PROGRAMS.items()):
        since = tuple(int(part) for part in function.since.split("."))
        if since <= VERSION:
            with tf.Graph().as_default(), tf.Session() as session:
                results[name] = write(session, function, os.path.join(folder, name + ".ckpt"))
    text = json.dumps(results, sort_keys=True, separators=(",", ":")).replace('},"', '},\n"')
    with open(os.path.join(folder, "results.json"), "wb") as file:
        file.write(text.encode("utf-8") + b"\n")
    os.remove(os.path.join(folder, "checkpoint"))


def write(session, function, path):
    """Train for two steps, save, and give what the program computed then and in two more."""
    tf.set_random_seed(7)
    tensors = programs.flat(function(tf))
    if function.graph and RELEASE in ("0.12", "1.15"):
        write_graph(path + ".meta")
    loss, step = programs.trained(tf, function, tensors)
    session.run(tf.global_variables_initializer())
    for _ in range(2):
        session.run(step)
    how = dict(function.how)
    if VERSION >= (1, 0):
        how.pop("write_version", None)  # the first format was the default before 0.12 only
    tf.train.Saver(**how).save(session, path, write_meta_graph=False)
    values = session.run(tensors)
    losses = []
    for _ in range(2):
        losses.append(float(session.run(loss)))
        session.run(step)
    return {
        "values": [[float(str(x)) for x in value.ravel()] for value in values],
        "losses": losses,
        "variables": sorted(v.op.name for v in tf.global_variables()),
    }


def write_graph(path):
    """The graph without the optimizer, whose part is large, and without the list of its kinds."""
    meta = tf.train.export_meta_graph()
    meta.meta_info_def.ClearField("stripped_op_list")
    with open(path, "wb") as file:
        file.write(meta.SerializeToString())


if __name__ == "__main__":
    main()
