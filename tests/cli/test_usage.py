"""What the parser refuses: one line, with the nearest name and where the help is."""

from collections.abc import Callable
from typing import Any

import pytest

Sbvae = Callable[..., Any]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("trian", "command trian is unknown; did you mean train?; see `sbvae --help`"),
        ("gen-data circle",
         "command circle is unknown; did you mean circles?; see `sbvae gen-data"),
        ("help trian", "command trian is unknown; did you mean train?; see `sbvae --help`"),
        ("bake", "command bake is unknown; there are gen-data, train, traverse, geometry, "),
        ("train --modle vae", "option --modle is unknown; did you mean --model?; see `sbvae train"),
        ("info x --shet y", "option --shet is unknown; did you mean --sheet?"),
        ("info x --qiet", "option --qiet is unknown; did you mean --quiet?"),
        ("info x --zzz", "option --zzz is unknown; see `sbvae info --help`"),
        ("train --model betavae", "--model betavae is unknown; did you mean beta-vae?"),
        ("train --likelihood gauss", "--likelihood gauss is unknown; did you mean gaussian?"),
        ("train --decoder deconvolution",
         "--decoder deconvolution is unknown; did you mean deconv?"),
        ("train --coordinates linar", "--coordinates linar is unknown; did you mean linear?"),
        ("train --preset rooms", "--preset rooms is unknown; did you mean room?"),
        ("train --profile fast", "--profile fast is unknown; there are paper, quick;"),
        ("eval x --protocol papr", "--protocol papr is unknown; did you mean paper?"),
        ("eval x --metrics factorvea", "metric factorvea is unknown; did you mean factor-vae?"),
        ("gen-data circles --preset XYhol", "--preset XYhol is unknown; did you mean xy-hole?"),
        ("gen-data images --from x --fit cropped", "--fit cropped is unknown; did you mean crop?"),
        ("traverse x --latents 9 3 0", "3 0: unexpected argument; separate a list by commas"),
        ("train --steps many",
         "--steps many: must be a whole number; see `sbvae train --help`"),
        ("train --steps 0", "--steps 0: must be 1 or more; see `sbvae train --help`"),
        ("train --beta x", "--beta x: must be a number; see `sbvae train --help`"),
        ("train --latent-dim",
         "Option '--latent-dim' requires an argument; see `sbvae train --help`"),
        ("train --set objective.kind=betavae --data circles", "'betavae'; did you mean beta-vae?"),
        ("train --set training.precision=fp3 --data circles", "'fp3'; did you mean fp32?"),
        ("train --set training.Step=3 --data circles",
         "training.Step is unknown; did you mean steps?"),
        ("train --data circle:xyhole", "did you mean circles:xy-hole?"),
        ("train --data Circles:XY_hole", "did you mean circles:xy-hole?"),
        ("gen-data sprites --factor shapes=heart", "factor shapes is unknown; did you mean shape?"),
        ("gen-data sprites --factor X=0..1", "factor X is unknown; did you mean x?"),
        ("gen-data sprites --hole shape=Harts", "shape Harts is unknown; did you mean heart?"),
        ("gen-data sprites --correlate x,Hue=0.2", "Hue is unknown; did you mean hue?"),
    ],
)  # fmt: skip
def test_a_slip_gets_the_nearest_name(sbvae: Sbvae, line: str, said: str) -> None:
    done = sbvae(*line.split())
    assert done.code in (1, 2) and done.out == ""
    assert done.err.startswith("error: ") and done.err.count("\n") == 1
    assert said in done.err


@pytest.mark.parametrize(
    "line",
    [
        "train --data circles --dry-run --size 8 --batch_size 2 --model Beta_VAE",
        "Train --data circles --dry-run --size 8 --batch-size 2 --precision FP32",
        "gen_data circles --preset XY_hole --count 2 --size 8 --Out a.h5",
    ],
)
def test_capitals_and_underscores_make_no_difference(sbvae: Sbvae, line: str) -> None:
    assert sbvae(*line.split()).code == 0
