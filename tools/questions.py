"""The self-test at the end of a chapter, read from its Markdown.

A question is a numbered line in bold; its answers are `<details class="answer">` blocks, which need
no script: opening one shows whether it is right, and why.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

HEADING = "## Self-test"
RIGHT, WRONG = "**Right.**", "**Not quite.**"
QUESTIONS = 4  # at least
EXPLANATION_CHARACTERS = 40  # at least

QUESTION = re.compile(r"^\*\*(?P<number>\d+)\. (?P<text>.+?)\*\*[ \t]*$", re.MULTILINE)
ANSWER = re.compile(
    r'^<details class="answer"><summary>(?P<text>.+?)</summary>\n\n'
    r"(?P<explained>.*?)\n\n</details>$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Answer:
    text: str
    explained: str

    @property
    def right(self) -> bool:
        return self.explained.startswith(RIGHT)


@dataclass(frozen=True)
class Question:
    number: int
    text: str
    answers: list[Answer]


def read_questions(markdown: str) -> list[Question]:
    """The questions of the section `## Self-test`; empty where there is none."""
    section = re.split(r"^## ", markdown.partition(HEADING + "\n")[2], flags=re.MULTILINE)[0]
    _, *parts = QUESTION.split(section)
    return [
        Question(
            int(number),
            text,
            [Answer(found["text"], found["explained"]) for found in ANSWER.finditer(body)],
        )
        for number, text, body in zip(parts[::3], parts[1::3], parts[2::3])
    ]


def faults(markdown: str) -> Iterator[str]:
    """What is wrong with a self-test, one sentence each."""
    questions = read_questions(markdown)
    if len(questions) < QUESTIONS:
        yield f"the self-test has {len(questions)} questions, not {QUESTIONS} or more"
    if [each.number for each in questions] != list(range(1, len(questions) + 1)):
        yield "the questions of the self-test are not numbered from 1"
    opened = markdown.count("<details")
    if opened != sum(len(each.answers) for each in questions):
        yield f"{opened} <details> are opened, but not all of them are answers in the usual form"
    places = set()
    for each in questions:
        right = [place for place, answer in enumerate(each.answers) if answer.right]
        if len(each.answers) < 2 or len(right) != 1:
            answers = f"{len(each.answers)} answers, {len(right)} of them right"
            yield f"question {each.number} has {answers}, not several with one right"
        places.update(right)
        for answer in each.answers:
            if not answer.explained.startswith((RIGHT, WRONG)):
                yield f"the answer {answer.text!r} says neither {RIGHT} nor {WRONG}"
            if len(answer.explained) < EXPLANATION_CHARACTERS:
                yield f"the answer {answer.text!r} is hardly explained"
    if len(questions) > 1 and len(places) == 1:
        yield "the right answer is always at the same place"
