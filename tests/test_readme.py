"""The programs that the README shows."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
FEW_IMAGES = """
import tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2)
from unrolled import mnist
whole = mnist.load()
mnist.load = lambda: type(whole)(*(type(part)(*(a[:256] for a in part)) for part in whole))
real = tf.distribute.MirroredStrategy
tf.distribute.MirroredStrategy = lambda: real(["CPU:0", "CPU:1"])
"""


@pytest.mark.thorough
@pytest.mark.parametrize("layers", [1, pytest.param(3, marks=pytest.mark.thorough)])
def test_the_keras_program_trains_on_two_devices_and_goes_on_after_a_kill(layers, tmp_path):
    section = README.split("## In a Keras program")[1]
    program = re.search(r"```python\n(.*?)```", section, re.S).group(1)
    assert "range(3)" in program
    program = program.replace("range(3)", f"range({layers})")  # each costs a minute to compile
    path = tmp_path / "digits.py"
    path.write_text(FEW_IMAGES + program, encoding="utf-8")
    command = [sys.executable, "-u", str(path)]
    # Killed once the backup of the first epoch is whole: nothing here depends on the time it takes.
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as first:
        for line in first.stdout:
            if line.startswith("Epoch 2/3"):
                first.send_signal(signal.SIGKILL)
                break
    assert not (tmp_path / "digits.keras").exists()
    assert (tmp_path / "backup" / "training_metadata.json").exists()
    second = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    epochs = re.findall(r"Epoch (\d)/3", second.stdout)
    assert epochs == ["2", "3"]
    loss, accuracy = map(float, re.search(r"\[(.*), (.*)\]", second.stdout).groups())
    assert loss < 2.35 and 0 <= accuracy <= 1
    assert (tmp_path / "digits.keras").exists()
