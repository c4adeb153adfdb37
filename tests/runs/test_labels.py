"""Short names of groups of runs."""

from pathlib import Path
from typing import Any

from sbvae_cli.runs.labels import group_labels
from sbvae_cli.runs.scores import RunScores

KIND = "model.decoder.kind"


def run(group: str, **settings: Any) -> RunScores:
    usual = {KIND: "broadcast", "objective.kind": "vae", "model.likelihood.kind": "bernoulli"}
    named = {name.replace("__", "."): value for name, value in settings.items()}
    own = (group, group, 0, 1, Path(group), usual | named, "xy", "", "")
    return RunScores(*own, values={}, factors={})


def test_groups_are_called_by_the_kinds_that_differ() -> None:
    runs = [
        run("a", model__decoder__kind="deconv", training__steps=5),
        run("a", model__decoder__kind="deconv", training__steps=5),
        run("b", training__steps=3),
    ]
    assert group_labels(runs) == {"a": "deconv", "b": "broadcast"}
    runs.append(run("c", objective__kind="factor-vae"))
    assert group_labels(runs) == {
        "a": "deconv, vae",
        "b": "broadcast, vae",
        "c": "broadcast, factor-vae",
    }


def test_groups_of_one_kind_are_told_apart_by_as_few_settings_as_do() -> None:
    runs = [
        run("a", objective__beta=0.4, training__learning_rate=1e-3),
        run("b", objective__beta=4.0, training__learning_rate=1e-3),
        run("c", objective__beta=4.0, training__learning_rate=5e-4),
    ]
    assert group_labels(runs) == {
        "a": "beta 0.4, lr 0.001",
        "b": "beta 4, lr 0.001",
        "c": "beta 4, lr 0.0005",
    }


def test_what_differs_beside_a_setting_that_tells_is_in_the_label() -> None:
    sizes = dict.fromkeys(("batch_size", "clip_grad", "validation", "fixed_set"), (3, 4))
    runs = [
        run(
            "ab"[i],
            objective__beta=(0.4, 4.0)[i],
            training__learning_rate=(1e-3, 2e-3)[i],
            training__steps=(5, 6)[i],
            step=(5, 6)[i],  # says the number of steps too
        )
        for i in range(2)
    ]
    assert group_labels(runs) == {
        "a": "beta 0.4, step 5, lr 0.001",
        "b": "beta 4, step 6, lr 0.002",
    }
    more = [{f"training__{n}": pair[i] for n, pair in sizes.items()} for i in range(2)]
    labels = group_labels([run("ab"[i], objective__beta=i + 1, **more[i]) for i in range(2)])
    assert labels["a"] == "beta 1, batch 3, clip 3, validation 3 ..."


def test_data_that_differ_are_named() -> None:
    deconv = {"model__decoder__kind": "deconv"}
    runs = [run("a", data__name="xy", **deconv), run("b", data__name="xh", data__count=5)]
    assert group_labels(runs) == {"a": "deconv, xy", "b": "broadcast, xh"}


def test_a_group_alone_is_called_by_its_decoder_and_codes_by_their_name() -> None:
    assert group_labels([run("a")]) == {"a": "broadcast"}
    own = ("codes.npz", "codes", None, None, Path("codes.npz"), {}, "", "", "")
    codes = RunScores(*own, values={}, factors={})
    assert group_labels([codes, run("a")]) == {"codes": "codes", "a": "broadcast"}


def test_a_setting_of_several_numbers_is_written_plainly() -> None:
    wide = {"model__encoder__hidden_channels": [64, 64]}
    narrow = {"model__encoder__hidden_channels": [4, 64]}
    labels = group_labels([run("a", **wide), run("b", **narrow)])
    assert labels == {"a": "encoder 64 64", "b": "encoder 4 64"}


def test_decoders_are_told_apart_by_the_layers_that_the_paper_counts() -> None:
    def decoder(widths: int, units: int, kind: str = "broadcast") -> dict[str, Any]:
        layers = {"hidden_channels": [64] * widths, "hidden_units": [256] * units}
        own = {f"model__decoder__{name}": value for name, value in layers.items()}
        return {**own, "model__decoder__kind": kind}

    depths = [run("a", **decoder(1, 0)), run("b", **decoder(2, 0))]  # Table 5
    assert group_labels(depths) == {"a": "depth 2", "b": "depth 3"}
    units = [run("a", **decoder(2, 0, "deconv")), run("b", **decoder(2, 2, "deconv"))]  # Table 8
    assert group_labels(units) == {"a": "mlp_depth 1", "b": "mlp_depth 3"}
