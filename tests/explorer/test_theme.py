"""Light and dark, on the screen and on paper."""

from collections.abc import Callable
from typing import Any

SHOWN = """(event) => {
  if (event) dispatchEvent(new Event(event));
  const canvas = document.querySelector(".plot canvas");
  const own = canvas === sbvae.plots[0].base;
  return [document.documentElement.dataset.theme, own, canvas.toDataURL()];
}"""


def test_a_dark_page_is_printed_light_and_is_dark_again(
    explore: Callable[..., Any], explored: Any
) -> None:
    page = explore(explored.path, color_scheme="dark")
    theme, own, dark = page.page.evaluate(SHOWN, None)
    assert (theme, own) == ("dark", True)
    theme, own, printed = page.page.evaluate(SHOWN, "beforeprint")
    assert (theme, own) == ("light", False)  # a copy: Chromium leaves the canvas itself blank
    theme, own, _ = page.page.evaluate(SHOWN, "afterprint")
    assert (theme, own) == ("dark", True)
    page.settle()
    assert page.page.evaluate(SHOWN, None)[2] == dark
    page.page.emulate_media(color_scheme="light")
    page.settle()
    assert page.page.evaluate(SHOWN, "beforeprint") == ["light", True, printed]
