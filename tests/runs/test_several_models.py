"""Models side by side: opened once, of the same data, with names that tell them apart."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sbvae_cli.checkpoint import Checkpoint, save_checkpoint
from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.model import BroadcastDecoderConfig, EncoderConfig, ModelConfig
from sbvae_cli.config.schema import Config, DataConfig
from sbvae_cli.errors import SbvaeError
from sbvae_cli.models.build import build_vae
from sbvae_cli.runs.several_models import open_models, short_names

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write the checkpoint of a small model that nobody trained, in a run's folder."""

    def make(name: str, preset: str = "xy", size: int = 8, seed: int = 0) -> Path:
        source = f"circles:{preset}"
        data = DataConfig(
            source=source, name=preset, space=named_space(source), height=size, width=size
        )
        model = ModelConfig(
            latent_dim=2,
            encoder=EncoderConfig(hidden_channels=(2,), hidden_units=(2,)),
            decoder=BroadcastDecoderConfig(hidden_channels=(2,)),
        )
        config = Config(data=data, model=model)
        vae = build_vae(config.model, config.data.image_shape, seed=seed)
        folder = tmp_path / name
        folder.mkdir(parents=True)
        save_checkpoint(folder / "ckpt.pt", Checkpoint(config, 7, vae.state_dict(), {}, threads=1))
        return folder

    return make


def test_each_model_is_made_with_its_title_and_one_alone_has_none(write: Write) -> None:
    a, b = write("a", seed=1), write("b", seed=2)

    several = open_models([a, b, a / "ckpt.pt"])  # the last one is the first again
    alone = open_models([a])

    made = several.by_title(lambda vae, opened: (vae, opened.path), "cpu")
    assert list(made) == ["a\nbroadcast, seed 0, step 7", "b\nbroadcast, seed 0, step 7"]
    assert [path for _, path in made.values()] == [a, b]
    weights = [next(vae.parameters()) for vae, _ in made.values()]
    assert (weights[0] != weights[1]).any()
    assert list(alone.by_title(lambda vae, opened: 0, "cpu")) == [""]
    assert several.source.name == "xy" and several.source.height == 8
    assert alone.about == {"run": str(a), "seed": 0, "step": 7}
    assert [each["run"] for each in several.about["runs"]] == [str(a), str(b)]


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"preset": "xy-hole"}, r"a is of xy, .*b of xy-hole; choose the images with `data`"),
        (
            {"size": 12},
            r"a takes images of 8x8x3 .*b of 12x12x3; only models that take images of one size",
        ),
    ],
)
def test_models_of_other_data_are_refused(
    write: Write, other: dict[str, object], message: str
) -> None:
    with pytest.raises(SbvaeError, match=message):
        open_models([write("a"), write("b", **other)])


def test_models_of_other_data_are_shown_with_data_that_fit_them(write: Write) -> None:
    opened = open_models([write("a"), write("b", "xy-hole")], "circles:xy-corner")
    assert opened.source.name == "xy-corner"
    with pytest.raises(SbvaeError, match=r"8x8x3 .* of 12x12x3"):
        open_models([write("c"), write("d", size=12)], "circles:xy")


def test_more_than_fit_are_refused_with_a_way(write: Write) -> None:
    folders = [write(f"r{i}") for i in range(7)]
    with pytest.raises(
        SbvaeError, match=r"7 models do not fit .*; name at most 6, for example .*r0 "
    ):
        open_models(folders)


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["x/a"], ["a"]),
        (["x/a", "y/b/ckpt.pt"], ["a", "b"]),
        (["x/0", "y/0"], ["x/0", "y/0"]),
        (["r/x/0", "r/x/1"], ["x/0", "x/1"]),
        (["0", "1"], ["0", "1"]),
        (["r/x/0"], ["0"]),
        (["x/0", "x/1", "y/0"], ["x/0", "x/1", "y/0"]),
        (["r/x/0", "s/x/0"], ["r/x/0", "s/x/0"]),
        (["a/ckpt.pt", "a/ckpt-5.pt"], ["a", "ckpt-5.pt"]),
    ],
)
def test_names_are_as_long_as_tells_them_apart(paths: list[str], names: list[str]) -> None:
    assert short_names([Path(path) for path in paths]) == names
