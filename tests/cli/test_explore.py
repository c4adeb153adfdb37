"""`sbvae explore`: one file, whole, the same each time, and one line for what is wrong."""

import base64
import gzip
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

pytest.importorskip("onnx")


def payload_of(page: Path) -> Any:
    found = re.search(r'<script type="application/json" id="payload">(.*?)</script>',
                      page.read_text(), re.DOTALL)  # fmt: skip
    assert found
    return json.loads(found[1])


def part_of(page: Path, name: str) -> bytes:
    found = re.search(rf'<script type="text/plain" id="{name}">(.*?)</script>', page.read_text())
    assert found
    return gzip.decompress(base64.b64decode(found[1]))


def floats(text: str, *shape: int) -> Any:
    return np.frombuffer(base64.b64decode(text), "<f4").reshape(shape)


def test_a_page_of_a_run(
    sbvae: Callable[..., Any], write_model: Callable[..., Path], tmp_path: Path
) -> None:
    from sbvae_cli.checkpoint import load_checkpoint
    from sbvae_cli.data.source import open_source
    from sbvae_cli.evaluation.encode import encode
    from sbvae_cli.evaluation.grid_embedding import embed_factor_grid
    from sbvae_cli.export.onnx_graphs import run_onnx

    write_model(tmp_path / "ckpt.pt")
    assert sbvae("explore", "ckpt.pt").code == 0
    page = tmp_path / "explorer.html"
    found = payload_of(page)
    (model,) = found["models"]

    vae = load_checkpoint(tmp_path / "ckpt.pt").build_vae()
    source = open_source("circles:xy-hole", 12, 8)
    embedding = embed_factor_grid(vae, source)
    assert found["slices"][0]["names"] == ["x", "y"]
    assert found["image"] == {"channels": 3, "height": 12, "width": 8}
    assert model["axes"][0] == list(embedding.choice.latents)
    codes = floats(model["codes"][0], 32, 32, 4)
    assert np.allclose(codes[..., model["axes"][0]], embedding.codes, atol=1e-5)
    scores = {score["key"]: score["value"] for score in model["scores"][0]}
    for name in ("affine_r2", "fold_fraction", "heldout_nrmse"):
        assert scores[name] == pytest.approx(embedding.scores[name])
    held_out = np.frombuffer(base64.b64decode(found["slices"][0]["held_out"]), np.uint8)
    assert held_out.reshape(32, 32).astype(bool).tolist() == embedding.points.held_out.tolist()
    probes = model["probes"]
    z = floats(probes["z"], probes["count"], 4)
    drawn = run_onnx(part_of(page, "decoder-0"), {"z": z})["image"]
    wanted = np.frombuffer(base64.b64decode(probes["images"]), np.uint8).reshape(drawn.shape)
    assert np.abs(np.round(drawn * 255) - wanted).max() <= 2
    images = source.sample(np.random.default_rng(0), 3)[0]
    taken = {"image": (images.transpose(0, 3, 1, 2) / 255).astype(np.float32)}
    means = run_onnx(part_of(page, "encoder-0"), taken)["mean"]
    assert np.allclose(means, encode(vae, images)[0], atol=2e-2)

    told = sbvae("info", "explorer.html").out
    assert re.search(r"command +sbvae explore ckpt\.pt", told)
    assert re.search(r"step +7", told)
    assert not re.search(r'(src|href)="(?!data:)', page.read_text()[:20_000])
    assert found["notes"] == []
    names = [name for name, _ in model["settings"]]
    assert "decoder" in names and not {"file", "last log"} & set(names)
    assert not any("_r2" in sentence for sentence in model["findings"])


def test_codes_of_anybody(
    sbvae: Callable[..., Any], write_codes: Callable[..., Path], tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    factors = np.array([(x, y) for x in range(4) for y in range(3) if (x, y) != (1, 1)], float)
    codes = np.column_stack([factors[:, 1], factors[:, 0], rng.normal(size=11)])
    write_codes(tmp_path / "codes.npz", codes=codes, factors=factors)
    assert sbvae("explore", "--codes", "codes.npz", "--out", "codes.html").code == 0

    page = tmp_path / "codes.html"
    first, found = page.read_bytes(), payload_of(page)
    assert sbvae("explore", "--codes", "codes.npz", "--out", "codes.html").code == 0
    assert page.read_bytes() == first
    (model,), (grid,) = found["models"], found["slices"]
    assert grid["shape"] == [4, 3]
    assert grid["values"] == [[0, 1, 2, 3], [0, 1, 2]]
    assert list(base64.b64decode(grid["present"])) == [1, 1, 1, 1, 0, *[1] * 7]
    read = floats(model["codes"][0], 12, 3)
    assert np.isnan(read[4]).all()
    assert np.allclose(np.delete(read, 4, axis=0), codes, atol=1e-6)
    assert model["axes"] == [[1, 0]]
    assert (found["image"], model["decoder"]) == (None, None)


def test_names_end_no_script_and_begin_none(
    sbvae: Callable[..., Any], write_codes: Callable[..., Path], tmp_path: Path
) -> None:
    names = ["</script><script>alert(1)</script>", "<!-- ]]> \"'&<img src=x>"]
    write_codes(tmp_path / "<b>codes.npz", names=names)
    assert sbvae("explore", "--codes", "<b>codes.npz", "--out", "plain.html").code == 0
    page = tmp_path / "plain.html"
    text = page.read_text(encoding="utf-8")
    assert [each["name"] for each in payload_of(page)["factors"]] == names
    assert text.count("<script") == text.count("</script>")
    assert not any(part in text for part in ("alert(1)</script>", "<img src=x>", "<b>codes"))


def test_several_files_of_codes_stand_side_by_side(
    sbvae: Callable[..., Any], write_codes: Callable[..., Path], tmp_path: Path
) -> None:
    factors = np.array([(x, y) for x in range(4) for y in range(3)], float)
    left_out = factors[:, 0] == 1
    one = np.column_stack([factors[:, 1], factors[:, 0], factors.sum(axis=1)])
    two = 5 * factors[:, ::-1]
    write_codes(tmp_path / "one.npz", codes=one, factors=factors)
    write_codes(tmp_path / "two.npz", codes=two, factors=factors, held_out=left_out)
    done = sbvae("explore", "--codes", "one.npz", "--codes", "two.npz", "--out", "both.html")

    assert done.code == 0, done.err
    found = payload_of(tmp_path / "both.html")
    (grid,) = found["slices"]
    assert list(base64.b64decode(grid["held_out"])) == left_out.tolist()
    assert [model["name"] for model in found["models"]] == ["one", "two"]
    for model, codes in zip(found["models"], (one, two), strict=True):
        assert np.allclose(floats(model["codes"][0], *codes.shape), codes)


def test_images_of_codes_are_found_by_their_rows(
    sbvae: Callable[..., Any], circles_file: str, write_codes: Callable[..., Path], tmp_path: Path
) -> None:
    rows = np.array([31, 2, 17, 8])
    codes = np.arange(8.0).reshape(4, 2)
    np.savez(tmp_path / "some.npz", codes=codes, rows=rows)
    made = sbvae("explore", "--codes", "some.npz", "--images", circles_file, "--out", "some.html")

    assert made.code == 0, made.err
    points = payload_of(tmp_path / "some.html")["points"]
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(points["images"]))))
    with h5py.File(tmp_path / circles_file) as file:
        for n, row in enumerate(rows):
            y, x = 16 * (n // points["columns"]), 16 * (n % points["columns"])
            assert (sheet[y : y + 16, x : x + 16] == file["images"][row]).all()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"factors": np.zeros((300, 2))}, "have different factors; only codes of the same"),
        ({"names": ["x", "z"]}, "have different names of factors;"),
        ({"codes": np.ones((9, 2)), "factors": np.ones((9, 2))}, "have different numbers of rows;"),
        ({"rows": np.arange(300) + 1}, "have different rows;"),
        ({"held_out": np.arange(300) < 9}, "have different held-out rows;"),
        ({"rows": np.zeros(3, int)}, "b.npz: rows must be 300 integers of at least 0"),
    ],
)
def test_codes_of_other_images_are_refused(
    sbvae: Callable[..., Any],
    write_codes: Callable[..., Path],
    tmp_path: Path,
    change: dict[str, object],
    told: str,
) -> None:
    known = {"rows": np.arange(300), "held_out": np.zeros(300, np.bool_)}
    write_codes(tmp_path / "a.npz", **known)
    write_codes(tmp_path / "b.npz", **known | change if len(change) == 1 else change)
    done = sbvae("explore", "--codes", "a.npz", "--codes", "b.npz")

    assert done.code == 1 and told in done.err and done.err.count("\n") == 1
    assert not list(tmp_path.glob("*.html"))


def test_codes_without_factors_and_of_one_latent_are_scattered(
    sbvae: Callable[..., Any], tmp_path: Path
) -> None:
    codes = np.random.default_rng(0).normal(size=(40, 1))
    np.savez(tmp_path / "one.npz", codes=codes)
    assert sbvae("explore", "--codes", "one.npz", "--out", "one.html").code == 0

    found = payload_of(tmp_path / "one.html")
    (model,) = found["models"]
    assert (found["slices"], found["points"]["count"], model["axes"]) == ([], 40, [[0]])
    assert np.allclose(floats(model["point_codes"], 40, 1), codes, atol=1e-6)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "name a run, as runs/first, or codes of another library by --codes"),
        (["run", "--codes", "codes.npz"], "a page shows runs or codes, not both"),
        (["run", "--decoder", "d.onnx"], "--decoder d.onnx: needs --codes"),
        (["nix"], "nix: there is no such file"),
        (["empty"], "empty: "),
        (["running"], "no checkpoint"),
        (["--codes", "codes.npz", "--decoder", "codes.npz"], "is not an ONNX file"),
        (["--codes", "codes.npz", *["--decoder", "d.onnx"] * 2], "--decoder names 2, --codes 1;"),
        (["--codes", "codes.npz"] * 2, "--codes codes.npz: is named more than once"),
        (["run", "--out", "page.png"], "--out page.png: this option writes HTML"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    words: list[str],
    told: str,
    sbvae: Callable[..., Any],
    write_codes: Callable[..., Path],
    write_model: Callable[..., Path],
    tmp_path: Path,
) -> None:
    for name in ("run", "empty", "running"):
        (tmp_path / name).mkdir()
    write_model(tmp_path / "run" / "ckpt.pt")
    (tmp_path / "running" / "config.yaml").write_text("{}")
    (tmp_path / "running" / "log.jsonl").write_text('{"step": 50}\n')
    write_codes(tmp_path / "codes.npz")
    result = sbvae("explore", *words)

    assert result.code == 1
    assert told in result.err
    assert result.err.count("\n") == 1
    assert not list(tmp_path.glob("*.html"))


def test_models_of_different_data_and_too_large_ones_are_refused(
    sbvae: Callable[..., Any],
    write_model: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_model(tmp_path / "a.pt")
    write_model(tmp_path / "b.pt", preset="xy")
    assert "a.pt is of xy-hole, b.pt of xy" in sbvae("explore", "a.pt", "b.pt").err
    monkeypatch.setattr("sbvae_cli.explorer.graphs.MAX_BYTES", 1_000)
    told = sbvae("explore", "a.pt").err
    assert re.search(r"a\.pt: has [\d,]+ weights, which would take", told)
    assert "`sbvae geometry a.pt`" in told


def test_another_file_is_not_replaced(
    sbvae: Callable[..., Any], write_codes: Callable[..., Path], tmp_path: Path
) -> None:
    write_codes(tmp_path / "codes.npz")
    (tmp_path / "mine.html").write_text("<!doctype html><p>mine")
    result = sbvae("explore", "--codes", "codes.npz", "--out", "mine.html")

    assert "is not a page of sbvae explore and is not replaced" in result.err
    assert (tmp_path / "mine.html").read_text() == "<!doctype html><p>mine"


def test_a_decoder_of_other_latents_than_the_codes_is_refused(
    sbvae: Callable[..., Any],
    write_codes: Callable[..., Path],
    write_model: Callable[..., Path],
    tmp_path: Path,
) -> None:
    write_model(tmp_path / "ckpt.pt", latents=4)
    write_codes(tmp_path / "codes.npz")  # of three latents
    assert sbvae("export", "ckpt.pt", "--onnx", "out").code == 0
    told = sbvae("explore", "--codes", "codes.npz", "--decoder", "out/decoder.onnx").err
    assert told.startswith("error: --decoder out/decoder.onnx: decodes 4 latents, and the codes")
    assert "have 3;" in told and told.count("\n") == 1
