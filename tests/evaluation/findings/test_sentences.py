"""How findings read: the one place where wording is asserted."""

import ast
from pathlib import Path

import pytest

import sbvae_cli
from sbvae_cli.evaluation.findings.finding import Finding
from sbvae_cli.evaluation.findings.sentences import abbreviate, sentences
from sbvae_cli.evaluation.findings.words import DIAGNOSIS, NOTES

TURNED = {"affine_r2": 0.971, "turn": 44.6, "angle": 88.0}
SPREAD = "other seeds or a larger beta may separate it"


def found(name: str, latent: int, share: float) -> Finding:
    return Finding("found", (name,), (latent,), {"share": share})


@pytest.mark.parametrize(
    ("findings", "of_model", "of_codes"),
    [
        (
            [
                found("x", 1, 0.951),
                found("shape", 0, 1.0),
                Finding("ring", ("hue",), (2, 3), {"gap": 0.8}),
            ],
            "found (share of the factor's entropy): x in latent 1 (95%), shape in latent 0 (100%), "
            "hue by the angle of latents 2 and 3",
            None,
        ),
        (
            [Finding("turned", ("x", "y"), (0, 1), TURNED)],
            "x and y lie flat in latents 0 and 1 (affine_r2 0.97), only rotated by 45 degrees, "
            "which lowers MIG: look at `sbvae geometry MODEL factors=x,y latents=0,1`",
            "x and y lie flat in latents 0 and 1 (affine_r2 0.97), only rotated by 45 degrees, "
            "which lowers MIG: read mig_subspace",
        ),
        (
            [Finding("spread", ("x",), (0, 1), {"shares": [0.6, 0.5]})],
            "x is spread over latents 0 (60%) and 1 (50%); train other seeds, or with "
            "`model=beta-vae` `beta=4`",
            f"x is spread over latents 0 (60%) and 1 (50%); {SPREAD}",
        ),
        (
            [Finding("also", ("x",), (4,), {"share": 0.47, "beside": [3, 9], "other": "y"})],
            "latent 4 also encodes x (47%), besides latents 3 and 9, in which x lies flat with y; "
            "train other seeds, or with `model=beta-vae` `beta=4`",
            "latent 4 also encodes x (47%), besides latents 3 and 9, in which x lies flat with y; "
            f"{SPREAD}",
        ),
        (
            [Finding("missing", ("x", "y", "z", "shape"))],
            "in no single latent: x, y, z, shape; train longer, or with `model=beta-vae` "
            "`beta=0.5`",
            "in no single latent: x, y, z, shape; longer training or a smaller beta may find it",
        ),
        (
            [
                Finding("folded", (name, "y"), (0, 1), {"fold_fraction": worst})
                for name, worst in [("a", 0.2), ("b", 0.34), ("c", 0.1), ("d", 0.1)]
            ],
            "folded: a and y, b and y, c and y and 1 more (fold_fraction up to 0.34), so that "
            "different values share codes; train longer, or other seeds",
            None,
        ),
        (
            [Finding("to-see", latents=(1, 0))],
            "see them with `sbvae traverse MODEL latents=1,0`",
            None,
        ),
        (
            [Finding("unused", latents=(1,), values={"latent_dim": 4})],
            "unused, with almost no KL: latent 1 of 4; nothing to do",
            None,
        ),
        (
            [Finding("unused", latents=(1, 3), values={"latent_dim": 4})],
            "unused, with almost no KL: latents 1, 3 of 4; nothing to do",
            None,
        ),
    ],
)
def test_a_diagnosis_is_one_sentence_with_advice(
    findings: list[Finding], of_model: str, of_codes: str | None
) -> None:
    assert sentences(findings, DIAGNOSIS) == [of_model]
    if of_codes is not None:
        assert sentences(findings, DIAGNOSIS, of_model=False) == [of_codes]


@pytest.mark.parametrize(
    ("findings", "note"),
    [
        (
            [Finding("without", values={"metrics": ["mig", "sap", "dci"], "why": "so"})],
            "without mig, sap and dci: so",
        ),
        (
            [Finding("undrawn-votes", values={"scores": ["factor_vae", "b"], "whose": "file's"})],
            "factor_vae, b: votes share the file's images, since none can be rendered",
        ),
        (
            [Finding("binned", ("x", "y"), values={"bins": 20})],
            "x, y are continuous and cut into 20 bins: scores that need classes depend on the bins",
        ),
        (
            [Finding("binned", ("x",), values={"bins": 20})],
            "x is continuous and cut into 20 bins: scores that need classes depend on the bins",
        ),
        (
            [Finding("still", ("x", "y"), (3,), {"pairs": 1})],
            "x and y: means with a small std count as constant: latent 3",
        ),
        (
            [
                Finding("scattered", (name, "y"), (), {"pairs": 3, "layout": "9 points"})
                for name in "ab"
            ],
            "geometry of a,y b,y: the images form no grid but points without neighbours: "
            "fold_fraction, tear, monotone_r2 and heldout_area_ratio are not computed",
        ),
        (
            [Finding("free", ("x", "y"), (), {"pairs": 1, "others": ["a", "b"], "vary": "vary"})],
            "x and y: a, b vary among these images too, which blurs the points; "
            "information_outside is not computed (`at` of `sbvae geometry` fixes a factor)",
        ),
        (
            [Finding("still", (name, "y"), (3,), {"pairs": 6}) for name in "abcd"],
            "geometry of a,y b,y c,y and 1 more: a latent whose means have a small std "
            "counts as constant",
        ),
        (
            [
                Finding("unread", values={"array": f"a{i}", "read": ["codes", "factors"]})
                for i in range(40)
            ],
            "arrays that are not read: a0, a1, a2 and 37 more; those that are: codes, factors",
        ),
        (
            [Finding("few-to-count", values={"rows": 1000, "bins": 20, "classes": 20})],
            "1,000 images are few for 20 bins times 20 classes: scores that count them (mig and "
            "its variants, modularity) overestimate the information of latents",
        ),
    ],
)
def test_a_note_is_one_sentence(findings: list[Finding], note: str) -> None:
    assert sentences(findings, NOTES) == [note]


def test_notes_and_diagnosis_part_and_nothing_is_said_twice() -> None:
    both = [Finding("unknown"), Finding("constant-codes"), Finding("unknown")]
    assert len(sentences(both, NOTES)) == len(sentences(both, DIAGNOSIS)) == 1


def test_every_finding_of_the_package_has_words_and_all_words_a_finding() -> None:
    """What no table has would be passed over in silence."""
    assert not DIAGNOSIS.keys() & NOTES.keys()
    made: set[str] = set()
    texts: set[str] = set()
    for path in Path(sbvae_cli.__file__).parent.rglob("*.py"):
        if path.name == "words.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.add(node.value)
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Name) and called.id == "Finding":
                first = node.args[0]  # type: ignore[attr-defined]
                made |= {first.value} if isinstance(first, ast.Constant) else set()
    assert made and made <= DIAGNOSIS.keys() | NOTES.keys()
    assert DIAGNOSIS.keys() | NOTES.keys() <= texts


def test_more_than_three_are_counted() -> None:
    assert abbreviate(["a", "b", "c"], ", ") == "a, b, c"
    assert abbreviate(list("abcdef")) == "a b c and 3 more"
