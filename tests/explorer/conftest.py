"""A browser for the tests of the page, and pages in it that are watched.

Tests that use it are marked `browser`: where Playwright or a browser lacks, they are skipped and
say so; with `SBVAE_BROWSER=required`, as in .ci/run, they fail instead.
"""

import base64
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from filelock import FileLock
from numpy.typing import NDArray

import sbvae_cli
from sbvae_cli.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from sbvae_cli.cli.app import main
from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.model import (
    BroadcastDecoderConfig,
    DecoderConfig,
    DeconvDecoderConfig,
    EncoderConfig,
    ModelConfig,
)
from sbvae_cli.config.schema import Config, DataConfig
from sbvae_cli.data.source import open_source
from sbvae_cli.models.build import build_vae
from sbvae_cli.models.vae import VAE

PAGE = Path(sbvae_cli.__file__).parent / "explorer/page"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
QUIET = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
WIDE: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}, "offline": True}
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
    pages = []

    def open_page(path: Path, script: str = "", **options: Any) -> Any:
        pages.append(opened(browser, path, script, **options))
        return pages[-1]

    yield open_page
    for page in pages:
        assert_quiet(page)
    for page in pages:
        page.context.close()


def opened(browser: Any, path: Path, script: str = "", **options: Any) -> Any:
    """A page in a context of its own, with lists of what it asks for and of what goes wrong."""
    page = browser.new_context(**{**WIDE, **options}).new_page()
    page.faults, page.requests = [], []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on(
        "console",
        lambda said: said.type in ("error", "warning") and page.faults.append(said.text),
    )
    page.context.on("request", lambda request: page.requests.append(request.url))
    if script:
        page.add_init_script(script)
    page.goto(path.as_uri())
    return page


def assert_quiet(page: Any) -> None:
    """The page asked for nothing beyond itself and complained of nothing."""
    assert [url[:200] for url in page.requests if not url.startswith(OWN)] == []
    assert page.faults == []


@pytest.fixture(scope="session")
def module_page(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """An empty page whose `load` puts modules of the explorer's page into `window.NAME`."""
    imports = {
        path.stem: "data:text/javascript;base64," + base64.b64encode(path.read_bytes()).decode()
        for path in PAGE.glob("*.js")
    }
    file = tmp_path_factory.mktemp("modules") / "modules.html"
    file.write_text(
        f'<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">'
        f'<script type="importmap">{json.dumps({"imports": imports})}</script>'
        '<script type="module">window.load = async (names) => {'
        "  for (const name of names) window[name] = await import(name); };</script>",
        encoding="utf-8",
    )
    page = opened(browser, file)
    page.wait_for_function("Boolean(window.load)")
    yield page
    page.context.close()


@pytest.fixture
def modules(module_page: Any) -> Iterator[Callable[..., Any]]:
    """The empty page, with some of the modules, which keep no state."""

    def modules(*names: str) -> Any:
        module_page.evaluate("load", names)
        return module_page

    yield modules
    assert_quiet(module_page)


Floats = NDArray[np.floating]


@dataclass
class Explored:
    """A page of two models, and what Python knows of them.

    Attributes:
        path: The HTML file.
        vaes: The models, in the page's order.
    """

    path: Path
    vaes: list[VAE]

    @cached_property
    def images(self) -> NDArray[np.uint8]:
        """True images of the 32 by 32 grid of x and y, from 0.2 to 0.8; (1024, H, W, C)."""
        source = open_source("circles:xy-hole", 16, 16)
        rest = [factor.bounds[0] for factor in source.space.factors[2:]]  # which do not vary
        x, y = np.meshgrid(*2 * [np.linspace(0.2, 0.8, 32)], indexing="ij")
        return source.render(
            np.array([[*each, *rest] for each in zip(x.flat, y.flat, strict=True)])
        )

    @cached_property
    def codes(self) -> list[Floats]:
        """Posterior means of each model, (32, 32, K)."""
        return [self.encode(m, self.images).reshape(32, 32, -1) for m in range(len(self.vaes))]

    @torch.no_grad()
    def encode(self, m: int, images: NDArray[np.uint8]) -> Floats:
        """Posterior means of images (n, H, W, C)."""
        given = torch.from_numpy(images.astype(np.float32) / 255).permute(0, 3, 1, 2)
        return self.vaes[m].encode(given)[0].numpy()

    @torch.no_grad()
    def draw(self, m: int, z: Floats) -> Floats:
        """What a model draws of one code (K,), in grey levels (H, W, C)."""
        image = self.vaes[m].render(torch.tensor(np.asarray(z, np.float32))[None])[0]
        return 255 * image.permute(1, 2, 0).numpy()


def grid_images() -> NDArray[np.uint8]:
    """True images of the 32 by 32 grid of x and y, from 0.2 to 0.8; (1024, H, W, C)."""
    source = open_source("circles:xy-hole", 16, 16)
    rest = [factor.bounds[0] for factor in source.space.factors[2:]]  # which do not vary
    x, y = np.meshgrid(*2 * [np.linspace(0.2, 0.8, 32)], indexing="ij")
    return source.render(np.array([[a, b, *rest] for a, b in zip(x.flat, y.flat, strict=True)]))


@torch.no_grad()
def lively(decoder: DecoderConfig, codes: Callable[[Floats, Floats], list[Floats]]) -> Checkpoint:
    """A model whose encoder puts a circle at (x, y), from -1 to 1, about where it is told to.

    Nobody trained it: the encoder's last layer is fitted by least squares, and all else is drawn
    at random, the decoder's weights large, so that its pictures differ. Latents from the third on
    are unused.
    """
    source = "circles:xy-hole"
    space = named_space(source)
    data = DataConfig(source=source, name="xy-hole", space=space, height=16, width=16)
    wanted = np.stack([each.ravel() for each in codes(*np.mgrid[-1:1:32j, -1:1:32j])], axis=1)
    encoder = EncoderConfig(hidden_channels=(8, 8), hidden_units=(256,))
    model = ModelConfig(latent_dim=wanted.shape[1], encoder=encoder, decoder=decoder)
    vae = build_vae(model, data.image_shape, seed=3)
    for weight in vae.decoder.parameters():
        weight *= 2.5
    convolutions, hidden, output = (
        vae.encoder.get_submodule(name) for name in ("convolutions", "hidden", "output")
    )
    images = torch.from_numpy(grid_images().astype(np.float32) / 255).permute(0, 3, 1, 2)
    features = hidden(convolutions(images).flatten(1))
    features = torch.cat([features, torch.ones(len(features), 1)], dim=1)
    fitted = torch.linalg.lstsq(features.double(), torch.tensor(wanted), rcond=1e-6, driver="gelsd")
    fitted = fitted.solution.float()
    logvar = torch.tensor([-6.0 if k < 3 else 0.0 for k in range(wanted.shape[1])])
    output.weight.copy_(torch.cat([fitted[:-1].T, torch.zeros_like(fitted[:-1].T)]))
    output.bias.copy_(torch.cat([fitted[-1], logvar]))
    config = Config(data=data, model=model, objective={"kind": "vae"})  # type: ignore[arg-type]
    return Checkpoint(config, 7, vae.state_dict(), {}, threads=1)


def flat(x: Floats, y: Floats) -> list[Floats]:
    """Codes of a sheet that is only turned and bent a little; a third latent bends along."""
    return [1.4 * x + 0.5 * y, 1.5 * y - 0.4 * x, 0.6 * x * y, 0 * x]


def folded(x: Floats, y: Floats) -> list[Floats]:
    """Codes of a sheet that is folded along x; a third latent tells its two layers apart."""
    return [1.8 * x**2 + 0.3 * y - 0.7, 1.5 * y + 0.4 * x, 1.2 * x, 0 * x, 0 * x, 0 * x]


@pytest.fixture(scope="session")
def explored(tmp_path_factory: pytest.TempPathFactory) -> Explored:
    """What `sbvae explore` writes of a broadcast and a deconvolutional model; made once."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "explored"
    names = ["broadcast", "deconv"]
    decoders = [
        BroadcastDecoderConfig(hidden_channels=(8, 8)),
        DeconvDecoderConfig(hidden_channels=(8, 8), start_channels=8),
    ]
    with FileLock(shared / "explored.lock"):
        if not (folder / "done").exists():
            for name, decoder, codes in zip(names, decoders, (flat, folded), strict=True):
                (folder / name).mkdir(parents=True)
                save_checkpoint(folder / name / "ckpt.pt", lively(decoder, codes))
            runs = [str(folder / name) for name in names]
            assert main(["explore", *runs, "--out", str(folder / "page.html")]) == 0
            (folder / "done").touch()
    checkpoints = [load_checkpoint(folder / name / "ckpt.pt") for name in names]
    return Explored(folder / "page.html", [each.build_vae() for each in checkpoints])


SETTLED = """async () => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const { runtime } = sbvae;
  await sbvae.ready;
  await frame();
  await frame();
  const waits = () => runtime.busy || runtime.queue.length || runtime.newest.some(Boolean);
  while (runtime.ready && waits()) await frame();
  await frame();
}"""
PIXELS = """([m]) => {
  const { canvas, node } = m === null ? sbvae.images.true : sbvae.images.models[m];
  if (node.classList.contains("none")) return null;
  const { width, height } = canvas, context = canvas.getContext("2d");
  return [width, height, Array.from(context.getImageData(0, 0, width, height).data)];
}"""


class Explorer:
    """A page that is used by hand, and what it then shows.

    Attributes:
        page: Playwright's page.
    """

    def __init__(self, page: Any) -> None:
        self.page = page
        page.wait_for_function("window.sbvae")
        self.settle()

    def js(self, script: str, *arguments: object) -> Any:
        """Value of an expression, or of a function of a list of arguments."""
        return (
            self.page.evaluate(script, list(arguments)) if arguments else self.page.evaluate(script)
        )

    def settle(self) -> None:
        """Wait until the newest point is drawn."""
        self.page.evaluate(SETTLED)

    def client(self, plot: int, a: float, b: float) -> tuple[float, float]:
        """Where (a, b) of a plot lies in the window, in CSS pixels; plot 0 is factor space."""
        x, y = self.js(
            """([n, a, b]) => {
              const plot = sbvae.plots[n], box = plot.element.getBoundingClientRect();
              return plot.place(a, b).map((v, axis) => v + [box.left, box.top][axis]);
            }""",
            *(plot, float(a), float(b)),
        )
        return x, y

    def move(self, plot: int, a: float, b: float) -> tuple[float, float]:
        """Move the mouse to (a, b) of a plot and wait for the images; its pixels in the window."""
        x, y = self.client(plot, a, b)
        self.page.mouse.move(x, y)
        self.settle()
        return x, y

    @property
    def place(self) -> list[float] | None:
        """Where the point lies on the grid, in steps."""
        found: list[float] | None = self.js("sbvae.store.point.f")
        return found

    def z(self, m: int) -> Floats:
        """What model m decodes."""
        return np.array(self.js("([m]) => Array.from(sbvae.store.z(m))", m))

    def pixels(self, m: int | None) -> NDArray[np.uint8] | None:
        """What is drawn for model m, or of the truth (None), (H, W, 3); None where nothing is."""
        found = self.js(PIXELS, m)
        if found is None:
            return None
        width, height, data = found
        return np.array(data, np.uint8).reshape(height, width, 4)[..., :3]


@pytest.fixture
def explore(open_page: Callable[..., Any]) -> Callable[..., Explorer]:
    """Open a page of its own, to be used by hand."""

    def explore(path: Path, script: str = "", **options: Any) -> Explorer:
        return Explorer(open_page(path, script, **options))

    return explore


@pytest.fixture(scope="session")
def one_page(browser: Any, explored: Explored) -> Iterator[Explorer]:
    """The page of the two models, opened once."""
    page = opened(browser, explored.path)
    yield Explorer(page)
    page.context.close()


@pytest.fixture
def explorer(one_page: Explorer) -> Iterator[Explorer]:
    """The page of the two models as it starts, watched."""
    page = one_page.page
    page.mouse.move(1, 1)
    page.evaluate("document.activeElement?.blur(); scrollTo(0, 0)")
    page.keyboard.press("Escape")
    one_page.settle()
    yield one_page
    assert_quiet(page)
