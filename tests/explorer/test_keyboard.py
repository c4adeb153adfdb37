"""The page from the keyboard: stops of the Tab key, arrow keys inside them, what is seen again."""

from typing import Any

import pytest

FOCUS = """() => {
  const { activeElement: at } = document;
  return at === document.body ? null : at.getAttribute("aria-label") ?? at.textContent;
}"""


def focused(explorer: Any) -> str | None:
    found: str | None = explorer.js(f"({FOCUS})()")
    return found


def stops(explorer: Any) -> list[str]:
    """Where the Tab key stops, from the top of the page to its end."""
    found: list[str] = []
    while len(found) < 80:
        explorer.page.keyboard.press("Tab")
        stop = focused(explorer)
        if stop is None:
            break
        found.append(stop)
    return found


def test_sliders_and_scores_of_a_model_are_one_stop_each(explorer: Any) -> None:
    found = stops(explorer)
    assert len(found) <= 20
    for name in ("broadcast", "deconv"):
        assert len([stop for stop in found if f" of {name}, std" in stop]) == 1
    assert found.count("inverse R²") == 2
    assert "affine R²" not in found


def test_arrows_go_from_slider_to_slider_and_move_the_one_that_has_the_focus(explorer: Any) -> None:
    page = explorer.page
    sliders = page.locator(".sliders").first.locator("input")
    labels = [sliders.nth(n).get_attribute("aria-label") for n in range(3)]
    sliders.first.focus()
    value = sliders.first.input_value()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert focused(explorer) == labels[2]
    page.keyboard.press("ArrowUp")
    assert focused(explorer) == labels[1]
    assert sliders.first.input_value() == value
    value = sliders.nth(1).input_value()
    page.keyboard.press("ArrowRight")
    explorer.settle()
    assert float(sliders.nth(1).input_value()) > float(value)
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    assert focused(explorer) == labels[1]  # where it was left
    sliders.first.focus()
    page.keyboard.press("ArrowUp")
    assert focused(explorer) == labels[0]


def test_cells_of_a_strip_are_one_stop(explorer: Any) -> None:
    page = explorer.page
    page.get_by_role("button", name="draw a path").click()
    start, end = explorer.client(0, 3, 3), explorer.client(0, 9, 9)
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=8)
    page.mouse.up()
    explorer.settle()
    page.get_by_role("button", name="stop drawing").click()
    cells = page.locator(".strip-rows .cell")
    assert cells.count() == 3 * 11
    tabbed = cells.evaluate_all("(nodes) => nodes.filter((node) => node.tabIndex === 0).length")
    assert tabbed == 1
    cells.first.focus()
    for key, row, column in (("ArrowRight", 0, 1), ("ArrowDown", 1, 1), ("ArrowLeft", 1, 0)):
        page.keyboard.press(key)
        names = ("true image", "broadcast", "deconv")
        assert (focused(explorer) or "").startswith(f"{names[row]}, step {column + 1} of 11")
    page.get_by_role("button", name="wipe the path").click()


def test_a_zoomed_plot_has_a_button_that_shows_all_of_it(explorer: Any) -> None:
    page, button = explorer.page, explorer.page.get_by_role("button", name="show all")
    whole = explorer.js("sbvae.plots[1].view.unit[0]")
    assert button.count() == 0
    page.locator(".plot").nth(1).focus()
    page.keyboard.press("+")
    explorer.settle()
    assert button.count() == 1
    assert explorer.js("sbvae.plots[1].view.unit[0]") == pytest.approx(0.8 * whole)
    button.click()
    explorer.settle()
    assert explorer.js("sbvae.plots[1].view.unit[0]") == whole
    assert button.count() == 0
    assert explorer.js("document.activeElement === sbvae.plots[1].element")
