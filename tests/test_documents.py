"""The five documents: each name has a place today, and each program its difference."""

from __future__ import annotations

import numpy as np
import pytest

from unrolled.internal import documents, programs

MOVED = [*documents.names_at("tf.compat.v1"), *documents.names_at("gone")]


def test_every_name_that_moved_has_a_replacement_and_no_other() -> None:
    assert all(documents.today(name) for name in MOVED)
    keys = {key for name in MOVED for key in (name, name.rpartition(".")[2])}
    assert set(documents.TODAY) <= keys
    assert set(documents.MIND) <= keys


def test_replacements_of_pack_and_unpack_keep_their_axis() -> None:
    """`pack_sequence` and `unpack_sequence` work on axis 1, so they do not stand there."""
    assert documents.today("pack") == ["tf.stack"]
    assert documents.today("unpack") == ["tf.unstack"]


def test_table_has_a_cell_for_each_head() -> None:
    lines = documents.table_of("gone", "gone|used in|use today|mind").splitlines()
    assert {line.replace("<wbr>", "").count("|") for line in lines} == {5}


@pytest.mark.parametrize("path", sorted({p for n in MOVED for p in documents.today(n)}))
def test_replacement_exists(path: str) -> None:
    assert documents.exists(path.replace("tf.", "tensorflow.", 1) if path[:3] == "tf." else path)


def test_names_in_place_are_called_as_the_documents_call_them() -> None:
    assert sorted(documents.CALLS, key=str.lower) == documents.names_at("in place")
    wrong = {name: documents.call(name) for name in documents.CALLS if documents.call(name)}
    assert set(wrong) == {"Operation.run", "Tensor.eval", "reduce_sum"}
    assert all("Error" in message for message in wrong.values())


# The programs: as printed, as they run, and the difference ----------------------------------------


@pytest.mark.parametrize("name", programs.NAMES)
def test_counts_account_for_every_line_of_both_texts(name: str) -> None:
    counts = programs.counts(name)
    kept = counts.same + counts.restored + counts.moved
    lines = [text.split("\n") for text in (programs.printed(name), programs.today(name))]
    printed, today = (sum(bool(line.strip()) for line in text) for text in lines)
    assert kept + counts.imports + counts.changed == printed
    assert kept + counts.imports + counts.changed + counts.added >= today


@pytest.mark.parametrize("name", programs.NAMES)
def test_diff_turns_one_text_into_the_other(name: str) -> None:
    lines = programs.diff(name, context=10_000).splitlines()
    today = [line[2:] for line in lines if line[0] in " +"]
    assert today == [line for line in programs.today(name).splitlines() if line.strip()]
    printed = [line[2:] for line in lines if line[0] in " -"]
    assert len(printed) == sum(bool(line.strip()) for line in programs.printed(name).splitlines())


def test_document_c_needs_one_line() -> None:
    for name in programs.NAMES:
        if name.startswith("c_"):
            assert programs.diff(name) == "- import tensorflow as tf\n+ import unrolled.tf1 as tf"


def test_no_program_of_another_name() -> None:
    with pytest.raises(ValueError, match="name must be one of c_by_hand"):
        programs.printed("f")


def test_what_is_printed_at_step_0_holds_for_any_weights() -> None:
    """Sample 2 is twice sample 1 less sample 0, and so is what goes into the tanh."""
    off = {}
    for name, (y_0, y_1, y_2) in programs.forged().items():
        off[name] = np.abs(np.tanh(2 * np.arctanh(y_1) - np.arctanh(y_0)) - y_2)
    assert off["c_lengths"].argmax() == 3 and off["c_lengths"][3] > 1e-3
    off["c_lengths"] = np.delete(off["c_lengths"], 3)
    assert all((difference < 1e-6).all() for difference in off.values())
