"""Figures as Pillow images, for notebooks: `sbvae.draw.geometry(sbvae.geometry(run))`.

Functions that draw take `scale`, the resolution in pixels per unit of length of the figure (1 for
screens, 2 for print), and `theme`, `light` or `dark`. The command line draws the same figures into
files.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sbvae_cli.api.arguments import checked, integer, integers, items
from sbvae_cli.api.draw_runs import losses, mig, rate_distortion, scores, table, unfolding
from sbvae_cli.api.model import Model
from sbvae_cli.api.words import in_python_words
from sbvae_cli.config.names import ThemeName
from sbvae_cli.data.source import Source
from sbvae_cli.errors import SbvaeError, format_value
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
    """Draw a grid of two factors and its embeddings in latent space (Figures 7 and 8).

    Args:
        embeddings: Result of `sbvae.geometry`, or several results for the same points by title.
        data: Source of units and sample images, such as `model.data` or from `open_data`; None
            draws neither.
        caption: Line at the top.
        scale: Resolution in pixels per unit.
        theme: `light` or `dark`.

    Raises:
        SbvaeError: If the embeddings have different points.

    Example:
        >>> model = sbvae.load("runs/circles")
        >>> picture = sbvae.draw.geometry(sbvae.geometry(model, grid=8), model.data)
        >>> picture.mode, picture.width > 500
        ('RGB', True)
    """
    several = embeddings if isinstance(embeddings, Mapping) else {"latent space": embeddings}
    if not several or not all(isinstance(each, FactorEmbedding) for each in several.values()):
        kind = type(embeddings).__name__
        why = f"are {kind}; give the result of `sbvae.geometry`, or several by title"
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
    """Draw latent traversals below input images and their reconstructions (Figure 2).

    Args:
        models: A model, or several models by title, drawn side by side.
        data: Source of the input images; None is the data of the first model.
        latents: Indices of latents, or the number of latents, by ascending posterior variance.
        span: Each latent moves from -span to span, in stds of the prior.
        columns: Number of values of each latent; None is 11, or 7 for several models.
        images: Index or indices of the images to start from; without any, the first image that is
            not blank.
        seed: Root seed of rendered and random images.
        caption: Line at the top.
        scale: Resolution in pixels per unit.
        theme: `light` or `dark`.

    Raises:
        SbvaeError: If a latent or an image does not exist, or the images do not fit a model.

    Example:
        >>> model = sbvae.load("runs/circles")
        >>> sbvae.draw.traversal(model, latents=[2, 0], columns=5).mode
        'RGB'
    """
    several, source = _models(models, data)
    steps = columns or (11 if len(several) == 1 else 7)
    some = items(latents) is not None
    which = integers(latents, "latents") if some else integer(latents, "latents", 1)
    with in_python_words(of="images"):
        rows = integers(images if items(images) is not None else [images], "images")
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
    """Draw images above their reconstructions, with orange frames around held-out images.

    Args:
        models: A model, or several models by title.
        data: Source of the images; None is the data of the first model.
        count: Number of images.
        seed: Root seed of the random choice of images.
        caption: Line at the top.
        scale: Resolution in pixels per unit.
        theme: `light` or `dark`.

    Raises:
        SbvaeError: If the images do not fit a model.

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
    """Draw decoded samples of the prior.

    Args:
        models: A model, or several models by title.
        count: Number of samples.
        seed: Root seed of the samples.
        caption: Line at the top.
        scale: Resolution in pixels per unit.
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
        data: Dataset of `open_data`.
        seed: Root seed of the samples.
        scale: Resolution in pixels per unit.
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
    """Return the models by title and the source of their images.

    Raises:
        SbvaeError: If the images do not fit a model.
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
        why = f"are {format_value(models)}; give a model from `sbvae.load`, or several by title"
        raise SbvaeError(why, field="models")
    return several


def _require_source(data: Any) -> None:
    if data is not None and not hasattr(data, "sample"):
        why = f"is {type(data).__name__}; give the result of `sbvae.open_data`, or `model.data`"
        raise SbvaeError(why, field="data")


def _count(count: Any) -> int:
    return integer(count, "count", 1, 1000)


def _image(picture: Canvas, scale: float, theme: ThemeName) -> "Image":
    return picture.raster(scale, theme)
