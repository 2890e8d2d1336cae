"""What the search indexes of a page, and the file that says what people type."""

from __future__ import annotations

import pytest
from book_extension import search
from sphinx.errors import ExtensionError

PAGE = r"""<nav>Contents</nav><article><section id="cells">
<h1>3. Cells<a class="headerlink" href="#cells">#</a></h1>
<p>One step at a time, with \(W\).</p>
<section id="the-lstm"><span id="gates-lstm"></span><h2>3.6. The LSTM</h2>
<p>Three gates, <span class="math">\(h_{t-1}\)</span> and <span class="math">\(\frac12\)</span>.</p>
<div class="cell"><div class="cell_input"><div class="highlight"><pre>
cell = BasicLSTMCell(num_units)
</pre></div></div><div class="cell_output"><pre>fine
ValueError: no &lt;state&gt;
</pre></div></div>
<section id="bias"><h3>3.6.1. Bias</h3><p>One more.</p></section></section>
<section id="exercises"><h2>3.7. Exercises</h2>
<div class="exercise" id="cells-count">
<p class="admonition-title">Exercise 3.1</p><p>Count.</p></div>
<div class="solution"><p>It is two.</p></div></section>
<section id="ledger"><h2>3.8. Ledger rows answered</h2><p>A1.</p></section></section></article>"""

TERMS = """<article><h1>Glossary</h1><dl class="glossary"><dt id="term-state">hidden state</dt>
<dd><p>(은닉 상태) What a cell hands on.</p></dd><dt id="term-net">recurrent network</dt>
<dt id="term-RNN">RNN</dt><dd><p>A network with a loop.</p></dd></dl></article>"""


def found(html: str = PAGE) -> dict[str, search.Section]:
    return {each.anchor: each for each in search.sections("chapters/page", html)}


def test_each_section_is_found_by_the_label_of_its_author() -> None:
    assert set(found()) == {"cells", "gates-lstm", "bias", "exercises", "cells-count"}
    assert found()["gates-lstm"].title == "3.6. The LSTM"
    assert {each.chapter for each in found().values()} == {"3. Cells"}


def test_text_is_prose_and_messages_of_errors() -> None:
    lstm = found()["gates-lstm"]
    assert lstm.text == "Three gates, h_t-1 and …. ValueError: no <state>"
    assert "BasicLSTMCell num_units" in lstm.code
    assert "ValueError: no &lt;state&gt;" in lstm.html()
    assert found()["cells-count"].text == "Count."
    assert found()["exercises"].text == ""


def test_a_term_is_found_in_korean_with_and_without_the_blank() -> None:
    term = found(TERMS)["term-state"]
    assert (term.title, term.text) == ("hidden state", "(은닉 상태) What a cell hands on.")
    assert term.aliases == "hidden state | 은닉 상태 | 은닉상태"


def test_names_with_one_explanation_are_one_result() -> None:
    terms = found(TERMS)
    assert set(terms) == {"term-state", "term-net"}
    assert terms["term-net"].title == "recurrent network, RNN"
    assert terms["term-net"].aliases == "recurrent network | RNN"


def test_names_in_a_table_lead_to_it_by_their_last_part() -> None:
    table = "<table><tr><td><code>tf.<wbr>Session</code></td></tr></table>"
    code = found(PAGE.replace("<pre>fine", f"{table}<pre>fine"))["gates-lstm"].code
    assert "Session" in code.split() and "tf.Session" not in code


def test_words_are_listed_for_the_mending_of_slips() -> None:
    words = search.vocabulary(list(found(PAGE.replace("Three gates", "One-hot steps")).values()))
    assert words[0] == "one"  # in most sections
    assert {"onehot", "hot", "steps", "basiclstmcell", "num_units"} <= set(words)
    assert all(len(each) > 1 and each == each.lower() for each in words)


def test_aliases_are_added_to_the_section_that_they_name() -> None:
    sections = list(found().values())
    search.apply_aliases("- {find: gates-lstm, type: [gates, 'Gers'], says: Here.}", sections)
    lstm = next(each for each in sections if each.anchor == "gates-lstm")
    assert lstm.aliases == "gates | Gers" and lstm.text.startswith("Here. Three")


def test_an_alias_without_a_section_stops_the_build() -> None:
    message = "search.yml sends 'gates' to the label 'ch9', which no sections of the book have"
    with pytest.raises(ExtensionError, match=message):
        search.apply_aliases("- {find: ch9, type: [gates]}", list(found().values()))
