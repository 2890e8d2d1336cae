"""The search: what people type leads to the section that answers it, while they type."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import axe_playwright_python
import browser as chromium
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

# What somebody types, and the sections that answer it, one of them among the first three results.
# Anchors are the authors' labels and the glossary's terms, which stay when chapters are renumbered.
ANSWERS = {
    # a learner
    "perplexity": "term-perplexity",
    "attention": "term-attention",
    "embedding": "term-embedding",
    "overfitting": "term-overfitting ch8-by-heart",
    "padding mask": "ch6-masks ch6-padding",
    "vanishing gradient": "ch2-vanish-explode",
    "exploding gradients": "ch2-vanish-explode",
    "truncated BPTT": "ch2-truncation",
    "BPTT": "ch2-backward",
    "LSTM": "ch3-lstm",
    "GRU": "ch3-gru",
    "forget gate": "ch3-lstm ch3-forget-bias term-forget-gate",
    "what is a hidden state": "term-hidden-state ch1-memory-cells",
    "backpropagation through time": "ch2-backward",
    "teacher forcing": "ch7-teacher-forcing",
    "gradient clipping": "ch2-clipping",
    "many to one": "ch7-four-shapes ch7-sequence-to-vector",
    "seq2seq": "ch7-encoder-decoder",
    "BiLSTM": "ch6-bidirectional",
    "softmax": "term-softmax ch1-letters",
    "one-hot": "term-one-hot ch3-order",
    # a teacher
    "solution": "notebooks-exercises",
    "lesson plan": "teaching-plan",
    "two hours": "teaching-two-hours",
    # somebody with a program
    "stateful": "mistake-state",
    "static_rnn vs dynamic_rnn": "ch5-static-against-dynamic",
    "state_is_tuple": "ch3-lstm-options",
    "time_major": "ch5-time-major",
    "return_sequences": "ch12-keras",
    "sequence_length": "ch6-rule",
    "sequence_loss": "ch8-by-hand",
    "MultiRNNCell": "ch11-class ch11-picture",
    "DropoutWrapper": "ch11-dropout",
    "forget_bias": "ch3-forget-bias",
    "clip_by_global_norm": "ch2-clipping",
    "checkpoint": "ch14-checkpoint",
    "swap_memory": "ch5-swap",
    # somebody with a message
    "module 'tensorflow' has no attribute 'contrib'": "ch13-layer",
    "AttributeError: module 'tensorflow' has no attribute 'placeholder'": "ch13-layer",
    "ModuleNotFoundError: No module named 'tensorflow.contrib'": "ch13-layer",
    "ValueError: Attempt to reuse RNNCell with a different variable scope": "ch11-same-cell",
    "sequence_length must not be greater than the number of steps": "ch6-masks mistake-lengths",
    "Graph is finalized and cannot be modified": "ch10-finalize",
    # the whole last line of a trace, with words that no section has
    "ValueError: inputs of depth 9 do not fit a BasicRNNCell built for depth 7": (
        "ch3-variables ch11-depth"
    ),
    # a reader of Korean
    "은닉 상태": "term-hidden-state",
    "은닉상태": "term-hidden-state",
    "순환 신경망": "term-recurrent-neural-network",
    "어텐션": "term-attention",
    "기울기 소실": "term-vanishing-gradient ch2-vanish-explode",
    "역전파": "ch2-backward",
    "패딩": "term-padding ch6-padding",
}
AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
RUN_AXE = """async () => (await axe.run(".search-box", {resultTypes: ["violations"]}))
    .violations.map((found) => `${found.id} ${found.nodes.map((node) => node.html)}`)"""
START = "chapters/03_cells.html"  # any page with a formula and a picture


@pytest.fixture(scope="module")
def box(context: BrowserContext, site: str) -> Iterator[Page]:
    """A page with the dialog open."""
    page = context.new_page()
    page.goto(f"{site}{START}")
    page.keyboard.press("Control+k")
    yield page
    page.close()


def type_in(page: Page, words: str) -> list[str]:
    """The anchors of the results for words that are typed, without pressing Enter."""
    page.locator("#search-input").fill(words)
    page.get_by_role("status").filter(has_text=f"“{words}”").wait_for()
    links = page.locator(".search-list a").all()
    return [(link.get_attribute("href") or "").partition("#")[2] for link in links]


@pytest.mark.parametrize("words", ANSWERS)
def test_answer_is_among_the_first_three(box: Page, words: str) -> None:
    found = type_in(box, words)
    assert set(found[:3]) & set(ANSWERS[words].split()), found[:6]
