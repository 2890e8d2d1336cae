"""The names of the five documents: each has a place today, and what replaces it exists."""

from __future__ import annotations

import pytest

from unrolled.internal import documents

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
