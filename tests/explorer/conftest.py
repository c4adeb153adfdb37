"""A browser for the tests of the page, and pages in it that are watched.

Tests that use it are marked `browser`: where Playwright or a browser lacks, they are skipped and
say so; with `SBVAE_BROWSER=required`, as in .ci/run, they fail instead.
"""

import base64
import json
import os
import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import sbvae_cli

PAGE = Path(sbvae_cli.__file__).parent / "explorer/page"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
QUIET = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
OWN = ("file:", "data:", "blob:")  # what a page that loads nothing may ask for


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the browser."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


def browser_path() -> str:
    """The browser; a test that cannot have one is skipped, or fails where one is required."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    missing = ["Chromium"] if path is None else []
    if find_spec("playwright") is None:
        missing.append("Python's playwright")
    if missing:
        end = pytest.fail if os.environ.get("SBVAE_BROWSER") == "required" else pytest.skip
        end(f"the page is tested in a browser, and there is no {' and no '.join(missing)}")
    return str(path)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless Chromium, one for all tests."""
    path = browser_path()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a file in a context of its own, offline; at the end nothing may have gone wrong in it.

    The page has `requests`, all addresses that it asked for, and `faults`, what the console and
    uncaught errors said; a test that expects some empties the list.
    """
    contexts, pages = [], []

    def open_page(path: Path, script: str = "", **options: Any) -> Any:
        settings = {"viewport": {"width": 1280, "height": 900}, "offline": True, **options}
        context = browser.new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        watch(page)
        pages.append(page)
        if script:
            page.add_init_script(script)
        page.goto(path.as_uri())
        return page

    yield open_page
    for page in pages:
        assert_quiet(page)
    for context in contexts:
        context.close()


def watch(page: Any) -> None:
    """Keep what the page asks for, and what goes wrong in it."""
    page.faults, page.requests = [], []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on(
        "console",
        lambda said: said.type in ("error", "warning") and page.faults.append(said.text),
    )
    page.context.on("request", lambda request: page.requests.append(request.url))


def assert_quiet(page: Any) -> None:
    """The page asked for nothing beyond itself and complained of nothing."""
    assert [url[:200] for url in page.requests if not url.startswith(OWN)] == []
    assert page.faults == []


@pytest.fixture
def modules(open_page: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """Open an empty page that has some of the page's modules as `window.NAME`."""

    def modules(*names: str) -> Any:
        imports = {
            path.stem: "data:text/javascript;base64," + base64.b64encode(path.read_bytes()).decode()
            for path in PAGE.glob("*.js")
        }
        lines = "".join(f'window.{name} = await import("{name}");' for name in names)
        file = tmp_path / "modules.html"
        file.write_text(
            f'<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">'
            f'<script type="importmap">{json.dumps({"imports": imports})}</script>'
            f'<script type="module">{lines} window.loaded = true;</script>',
            encoding="utf-8",
        )
        page = open_page(file)
        page.wait_for_function("window.loaded")
        return page

    return modules
