"""`VocabularyProcessor` of `tf.contrib.learn.preprocessing`: words to numbers for text programs."""

from __future__ import annotations

import collections
import pickle
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Runs of capitals, words inside CamelCase, and words with apostrophes and hyphens.
_WORD = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z][a-z]+(?=[A-Z])|['\w\-]+")


def _words_of(documents: Iterable[str]) -> Iterator[list[str]]:
    return (_WORD.findall(document) for document in documents)


class CategoricalVocabulary:
    """A number for each word, from 1 in the order of first appearance; 0 is for unknown words.

    Args:
      unknown_token: the word for 0 (default: "<UNK>").
      support_reverse: ignored: words can always be looked up by number.
    """

    def __init__(self, unknown_token: str = "<UNK>", support_reverse: bool = True):
        self._unknown_token = unknown_token
        self._mapping: dict[str, int] = {unknown_token: 0}
        self._freq: collections.Counter[str] = collections.Counter()
        self._frozen = False

    def __len__(self) -> int:
        return len(self._mapping)

    def freeze(self, freeze: bool = True) -> None:
        """From now on new words are unknown words; `freeze(False)` undoes this."""
        self._frozen = freeze

    def get(self, category: str) -> int:
        """The number of a word, a new one for a new word unless the vocabulary is frozen."""
        if category not in self._mapping:
            if self._frozen:
                return 0
            self._mapping[category] = len(self._mapping)
        return self._mapping[category]

    def add(self, category: str, count: int = 1) -> None:
        """Count a word."""
        if self.get(category):
            self._freq[category] += count

    def trim(self, min_frequency: int, max_frequency: int = -1) -> None:
        """Keep words that occur more than `min_frequency` times, the most frequent first.

        With a positive `max_frequency`, words that occur so many times or more are dropped too
        (default: -1).
        """
        kept = {
            word: count
            for word, count in sorted(self._freq.items(), key=lambda item: (-item[1], item[0]))
            if count > min_frequency and not 0 < max_frequency <= count
        }
        self._freq = collections.Counter(kept)
        self._mapping = {word: i for i, word in enumerate([self._unknown_token, *kept])}

    def reverse(self, class_id: int) -> str:
        """The word of a number."""
        return list(self._mapping)[class_id]


class VocabularyProcessor:
    """Documents to rows of word numbers, all of one length.

        x = np.array(list(VocabularyProcessor(20).fit_transform(documents)))       # [B, 20]

    Args:
      max_document_length: the length of a row; longer documents are cut, shorter ones end in 0.
      min_frequency: words that occur so many times or fewer are unknown words (default: 0).
      vocabulary: a vocabulary to extend (default: an empty one).
      tokenizer_fn: a function from documents to lists of words (default: words are runs of letters,
        digits, underscores, apostrophes and hyphens, and CamelCase is split).
    """

    def __init__(
        self,
        max_document_length: int,
        min_frequency: int = 0,
        vocabulary: CategoricalVocabulary | None = None,
        tokenizer_fn: Callable[[Iterable[str]], Iterable[Any]] | None = None,
    ):
        self.max_document_length = max_document_length
        self.min_frequency = min_frequency
        self.vocabulary_ = CategoricalVocabulary() if vocabulary is None else vocabulary
        self._tokenizer = tokenizer_fn or _words_of

    def fit(self, raw_documents: Iterable[str], unused_y: Any = None) -> VocabularyProcessor:
        """Learn the words of the documents, and freeze the vocabulary."""
        for words in self._tokenizer(raw_documents):
            for word in words:
                self.vocabulary_.add(word)
        if self.min_frequency > 0:
            self.vocabulary_.trim(self.min_frequency)
        self.vocabulary_.freeze()
        return self

    def fit_transform(
        self, raw_documents: Iterable[str], unused_y: Any = None
    ) -> Iterator[NDArray[np.int64]]:
        """`fit`, then `transform`; the documents are read twice."""
        return self.fit(raw_documents).transform(raw_documents)

    def transform(self, raw_documents: Iterable[str]) -> Iterator[NDArray[np.int64]]:
        """For each document its word numbers, int64 [max_document_length]."""
        for words in self._tokenizer(raw_documents):
            row = np.zeros(self.max_document_length, np.int64)
            for i, word in zip(range(self.max_document_length), words):
                row[i] = self.vocabulary_.get(word)
            yield row

    def reverse(self, documents: Iterable[Iterable[int]]) -> Iterator[str]:
        """For each row of numbers its words, with blanks between."""
        for row in documents:
            yield " ".join(self.vocabulary_.reverse(number) for number in row)

    def save(self, filename: str) -> None:
        """Write this processor to a file, which `restore` reads."""
        with open(filename, "wb") as file:
            pickle.dump(self, file)

    @classmethod
    def restore(cls, filename: str) -> VocabularyProcessor:
        """Read what `save` wrote. As with any pickle, only from files that you trust."""
        with open(filename, "rb") as file:
            return pickle.load(file)
