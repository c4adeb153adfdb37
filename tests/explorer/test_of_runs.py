"""What a page says of models."""

from sbvae_cli.explorer.of_runs import labelled


def test_scores_are_called_as_the_page_calls_them() -> None:
    for given, wanted in (
        ("flat: inverse_r2 0.998 of x and y", "flat: inverse R² 0.998 of x and y"),
        ("folded: fold_fraction 0.17, inverse_r2 0.99 of", "folded: 17%, inverse R² 0.99 of"),
        ("in use, information_outside 0.12: latent", "in use, in other latents 12%: latent"),
        ("leaves inverse_r2 and tear", "leaves inverse R² and tear"),
    ):
        assert labelled(given) == wanted
