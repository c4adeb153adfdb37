"""What an evaluation computes, and what the data at hand do not allow."""

import pytest

from sbvae_cli.errors import SbvaeError
from sbvae_cli.metrics.protocol import Protocol, named_protocol, possible_metrics


def test_what_would_do_for_the_data_at_hand_is_named() -> None:
    def refused(metric: str, latents: int, factors: tuple[str, ...], with_model: bool) -> str:
        with pytest.raises(SbvaeError) as caught:
            possible_metrics(Protocol((metric,)), latents, factors, "d", with_model)
        return str(caught.value)

    ending = "; these can: factor-vae, beta-vae, modularity, explicitness and irs"
    assert refused("mig", 1, ("x", "y"), False).endswith(ending)
    assert refused("mig", 1, ("x", "y"), True).endswith(ending.replace(": f", ": rates, f"))
    assert refused("dci", 3, ("x",), False).endswith(
        "these can: mig, sap, explicitness, irs and unsupervised"
    )
    assert refused("irs", 1, (), False).endswith("has no factors that vary")  # nothing can
    assert refused("rates", 3, ("x", "y"), False).endswith("a model is needed")
    assert refused("udr", 1, ("x", "y"), False).endswith("name two checkpoints or more")


def test_what_is_asked_for_by_name_must_be_possible() -> None:
    for metric, latents, factors, message in [
        ("geometry", 4, ("x",), "geometry cannot be .* only x varies in d"),
        ("mig", 1, ("x", "y"), "mig cannot .* two latents are needed, the model has 1"),
        ("geometry", 1, ("x", "y"), "the model has 1"),
        ("sap", 4, (), "d has no factors that vary"),
        ("udr", 4, ("x", "y"), "udr cannot .* two checkpoints or more"),
    ]:
        with pytest.raises(SbvaeError, match=message):
            possible_metrics(Protocol((metric,)), latents, factors, "d")
        lenient = Protocol((metric, "rates"), lenient=True)
        assert possible_metrics(lenient, latents, factors, "d")[0] == ("rates",)


def test_protocols_have_the_votes_of_their_papers() -> None:
    votes = {
        name: (named_protocol(name).votes_train, named_protocol(name).votes_eval)
        for name in ("paper", "dlib", "quick")
    }
    assert votes == {"paper": (800, 800), "dlib": (10_000, 5_000), "quick": (200, 200)}
    for name in ("paper", "dlib"):
        protocol = named_protocol(name)
        assert (protocol.images, protocol.bins, protocol.vote_images) == (10_000, 20, 64)
