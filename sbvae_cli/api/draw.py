"""Figures as Pillow's images, which notebooks show: `sbvae.draw.geometry(sbvae.geometry(run))`.

Each function of a picture takes `scale`, pixels of a unit (1 is for screens, 2 for print), and
`theme`, `light` or `dark`. The command line draws the same figures into files.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sbvae_cli.api.arguments import checked, items, shown, whole, wholes
from sbvae_cli.api.draw_runs import losses, mig, rate_distortion, scores, table, unfolding
from sbvae_cli.api.model import Model
from sbvae_cli.api.words import in_python_words
from sbvae_cli.config.names import ThemeName
from sbvae_cli.data.source import Source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation import decoded
from sbvae_cli.evaluation.examples import start_image
from sbvae_cli.evaluation.factor_embedding import FactorEmbedding
from sbvae_cli.evaluation.traversal import traverse
from sbvae_cli.figures.decoded import draw_prior_samples, draw_reconstructions
from sbvae_cli.figures.geometry import draw_geometry
from sbvae_cli.figures.samples import draw_samples
from sbvae_cli.figures.traversal import draw_traversal
from sbvae_cli.viz.canvas import Canvas

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = [
    "dataset",
    "geometry",
    "losses",
    "mig",
    "prior_samples",
    "rate_distortion",
    "reconstructions",
    "scores",
    "table",
    "traversal",
    "unfolding",
]


@checked
def geometry(
    embeddings: FactorEmbedding | Mapping[str, FactorEmbedding],
    data: Source | None = None,
    *,
    caption: str = "",
    scale: float = 1.0,
    theme: ThemeName = "light",
) -> "Image":
    """Draw two factors and where models put them (Figures 7 and 8).

    Args:
        embeddings: What `sbvae.geometry` gave, or several of the same points by their titles.
        data: The data, as `model.data` or `open_data` gives them: for units and sample images.
        caption: Line at the top.
        scale: Pixels of a unit.
        theme: `light` or `dark`.

    Raises:
        SbvaeError: If the embeddings are of different points.

    Example:
        >>> model = sbvae.load("runs/circles")
        >>> picture = sbvae.draw.geometry(sbvae.geometry(model, grid=8), model.data)
        >>> picture.mode, picture.width > 500
        ('RGB', True)
    """
    several = embeddings if isinstance(embeddings, Mapping) else {"latent space": embeddings}
    if not several or not all(isinstance(each, FactorEmbedding) for each in several.values()):
        kind = type(embeddings).__name__
        why = f"are {kind}; give what `sbvae.geometry` gives, or several by title"
        raise SbvaeError(why, field="embeddings")
    _require_source(data)
    return _image(draw_geometry(several, data, caption), scale, theme)


@checked
def traversal(
    models: Model | Mapping[str, Model],
    data: Source | None = None,
    *,
    latents: int | Sequence[int] = 8,
    span: float = 2.0,
    columns: int | None = None,
    images: int | Sequence[int] = (),
    seed: int = 0,
    caption: str = "",
    scale: float = 1.0,
    theme: ThemeName = "light",
) -> "Image":
    """Draw images as each latent moves, beneath inputs and reconstructions (Figure 2).

    Args:
        models: A model, or several by their titles, side by side.
        data: Where inputs come from; None is the first model's own data.
        latents: How many latents, those of smallest posterior variance first, or which.
        span: Latents go from -span to span, in stds of the prior.
        columns: Number of values; None is 11, of several models 7.
        images: Numbers of the images to start from; without any the first.
        seed: Root seed of what is drawn at random.
        caption: Line at the top.
        scale: Pixels of a unit.
        theme: `light` or `dark`.

    Raises:
        SbvaeError: If there is no such latent or image, or a model takes other images.

    Example:
        >>> model = sbvae.load("runs/circles")
        >>> sbvae.draw.traversal(model, latents=[2, 0], columns=5).mode
        'RGB'
    """
    several, source = _models(models, data)
    steps = columns or (11 if len(several) == 1 else 7)
    some = items(latents) is not None
    which = wholes(latents, "latents") if some else whole(latents, "latents", 1)
    with in_python_words(of="images"):
        rows = wholes(images if items(images) is not None else [images], "images")
        starts = [start_image(source, row, seed) for row in rows]
    shared = next(iter(several.values())).space
    with in_python_words(of="latents"):
        found = {
            title: traverse(
                model.module,
                source,
                model.space,
                latents=which,
                ends=(-span, span),
                columns=steps,
                count=min(max(steps, 7), 12),
                starts=starts,
                shared=shared,
                seed=seed,
            )
            for title, model in several.items()
        }
    one = isinstance(models, Model)
    picture = draw_traversal(next(iter(found.values())) if one else found, caption)
    return _image(picture, scale, theme)


@checked
def reconstructions(
    models: Model | Mapping[str, Model],
    data: Source | None = None,
    *,
    count: int = 12,
    seed: int = 0,
    caption: str = "",
    scale: float = 1.0,
    theme: ThemeName = "light",
) -> "Image":
    """Draw images above what models make of them, held-out ones in orange frames.

    Args:
        models: A model, or several by their titles.
        data: Where the images come from; None is the first model's own data.
        count: Number of images.
        seed: Root seed of their choice.
        caption: Line at the top.
        scale: Pixels of a unit.
        theme: `light` or `dark`.

    Raises:
        SbvaeError: If a model takes other images.

    Example:
        >>> sbvae.draw.reconstructions(sbvae.load("runs/circles"), count=4).mode
        'RGB'
    """
    several, source = _models(models, data)
    first = next(iter(several.values()))
    found = {
        title: decoded.reconstruct(
            model.module, source, model.space, _count(count), shared=first.space, seed=seed
        )
        for title, model in several.items()
    }
    return _image(draw_reconstructions(found, caption), scale, theme)


@checked
def prior_samples(
    models: Model | Mapping[str, Model],
    *,
    count: int = 24,
    seed: int = 0,
    caption: str = "",
    scale: float = 1.0,
    theme: ThemeName = "light",
) -> "Image":
    """Draw what models decode of samples of the prior.

    Args:
        models: A model, or several by their titles.
        count: Number of samples.
        seed: Root seed of the samples.
        caption: Line at the top.
        scale: Pixels of a unit.
        theme: `light` or `dark`.

    Example:
        >>> sbvae.draw.prior_samples(sbvae.load("runs/circles"), count=6).mode
        'RGB'
    """
    several = _by_title(models)
    found = {
        title: decoded.prior_samples(
            model.module, model.latent_dim, _count(count), seed=seed
        )[0]
        for title, model in several.items()
    }  # fmt: skip
    return _image(draw_prior_samples(found, caption), scale, theme)


@checked
def dataset(
    data: Source, *, seed: int = 0, scale: float = 1.0, theme: ThemeName = "light"
) -> "Image":
    """Draw 64 samples of a dataset with the values of their factors.

    Args:
        data: What `open_data` gave.
        seed: Root seed of their choice.
        scale: Pixels of a unit.
        theme: `light` or `dark`.

    Example:
        >>> sbvae.draw.dataset(sbvae.open_data("circles:xy", size=16)).mode
        'RGB'
    """
    _require_source(data)
    return _image(draw_samples(data, seed), scale, theme)


def _models(
    models: Model | Mapping[str, Model], data: Source | None
) -> tuple[Mapping[str, Model], Source]:
    """Models by title, and the images that all of them take.

    Raises:
        SbvaeError: If one takes others.
    """
    several = _by_title(models)
    _require_source(data)
    source = next(iter(several.values())).data if data is None else data
    shape = source.channels, source.height, source.width
    for title, model in several.items():
        if model.image_shape != shape:
            what = f"{title or 'the model'} takes images {model.image_shape}, the data have {shape}"
            raise SbvaeError(f"have another size: {what}", field="models")
    return several, source


def _by_title(models: Any) -> Mapping[str, Model]:
    several = {"": models} if isinstance(models, Model) else models
    usable = isinstance(several, Mapping) and several
    if not (usable and all(isinstance(model, Model) for model in several.values())):
        why = f"are {shown(models)}; give a model that `sbvae.load` gave, or several by title"
        raise SbvaeError(why, field="models")
    return several


def _require_source(data: Any) -> None:
    if data is not None and not hasattr(data, "sample"):
        why = f"is {type(data).__name__}; give what `sbvae.open_data` gives, or `model.data`"
        raise SbvaeError(why, field="data")


def _count(count: Any) -> int:
    return whole(count, "count", 1, 1000)


def _image(picture: Canvas, scale: float, theme: ThemeName) -> "Image":
    return picture.raster(scale, theme)
