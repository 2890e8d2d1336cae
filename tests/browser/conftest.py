"""A browser and the built book for the tests in this folder.

Where the machine has no Chromium the tests are skipped and say so, except under CI, where they
fail: `.ci/run` installs one.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import browser as chromium
import pytest
from notebooks import ROOT
from playwright.sync_api import Browser, BrowserContext, expect

expect.set_options(timeout=chromium.PATIENCE)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if chromium.chromium() is None:
        if os.environ.get("CI"):
            pytest.fail(chromium.MISSING)
        pytest.skip(chromium.MISSING)
    with chromium.launched() as launched:
        yield launched


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One reader for a file of tests, who has in the cache what pages share."""
    context = chromium.reader(browser)
    yield context
    context.close()


@pytest.fixture(scope="session")
def html(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the book, built from the sources as they are now, that nobody else changes."""
    folder = tmp_path_factory.mktemp("book") / "html"
    built = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "build_book.py"), str(folder)],
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


@pytest.fixture(scope="session")
def site(html: Path) -> Iterator[str]:
    """The address of the built book on this machine, ending in a slash."""
    with chromium.served(html) as address:
        yield address
