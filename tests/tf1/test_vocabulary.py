"""Words to numbers in the manner of `tf.contrib.learn`; the expected rows are counted by hand."""

import numpy as np
import pytest
from unrolled.tf1.contrib import learn

DOCUMENTS = ["the cat sat", "the dog sat on the cat", "a"]


def rows(processor, documents=DOCUMENTS):
    return np.array(list(processor.transform(documents))).tolist()


def test_numbers_come_in_the_order_of_the_words():
    processor = learn.preprocessing.VocabularyProcessor(4)
    x = np.array(list(processor.fit_transform(DOCUMENTS)))
    assert x.dtype == np.int64
    assert x.tolist() == [[1, 2, 3, 0], [1, 4, 3, 5], [6, 0, 0, 0]]
    assert len(processor.vocabulary_) == 7
    assert list(processor.reverse(x[:1])) == ["the cat sat <UNK>"]


def test_new_words_are_unknown_once_it_is_fitted():
    processor = learn.preprocessing.VocabularyProcessor(3).fit(DOCUMENTS)
    assert rows(processor, ["the bird sat"]) == [[1, 0, 3]]
    processor.vocabulary_.freeze(False)
    assert rows(processor, ["the bird sat"]) == [[1, 7, 3]]


def test_rare_words_are_left_out_and_frequent_ones_come_first():
    processor = learn.preprocessing.VocabularyProcessor(6, min_frequency=1).fit(DOCUMENTS)
    assert processor.vocabulary_._mapping == {"<UNK>": 0, "the": 1, "cat": 2, "sat": 3}
    assert rows(processor) == [[1, 2, 3, 0, 0, 0], [1, 0, 3, 0, 1, 2], [0] * 6]


def test_too_frequent_words_can_be_left_out():
    vocabulary = learn.preprocessing.CategoricalVocabulary()
    for word in "the the the cat cat dog".split():
        vocabulary.add(word)
    vocabulary.trim(0, max_frequency=3)
    assert vocabulary._mapping == {"<UNK>": 0, "cat": 1, "dog": 2}


@pytest.mark.parametrize(
    "text, words",
    [
        ("Don't re-read it!", ["Don't", "re-read", "it"]),
        ("TensorFlow by IBM, 2016", ["Tensor", "Flow", "by", "IBM", "2016"]),
        ("한국어 문장", ["한국어", "문장"]),
    ],
)
def test_words(text, words):
    processor = learn.preprocessing.VocabularyProcessor(9).fit([text])
    assert list(processor.vocabulary_._mapping)[1:] == words


def test_a_tokenizer_of_the_program():
    processor = learn.preprocessing.VocabularyProcessor(
        4, tokenizer_fn=lambda documents: (list(d) for d in documents)
    )
    assert rows(processor.fit(["hello"]), ["hello", "oh"]) == [[1, 2, 3, 3], [4, 1, 0, 0]]


def test_saved_and_restored(tmp_path):
    processor = learn.preprocessing.VocabularyProcessor(4).fit(DOCUMENTS)
    processor.save(str(tmp_path / "vocab"))
    again = learn.preprocessing.VocabularyProcessor.restore(str(tmp_path / "vocab"))
    assert rows(again) == rows(processor)
    assert again.max_document_length == 4
