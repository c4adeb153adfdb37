"""Describe a dataset, a checkpoint, a run or a picture in plain containers."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
from PIL import UnidentifiedImageError

from sbvae_cli.config.dataset_names import is_procedural, near_dataset
from sbvae_cli.data.contents import recognise_contents
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.file import DatasetFile
from sbvae_cli.data.importers.collection import identify
from sbvae_cli.data.importers.tiff_pages import frame_count
from sbvae_cli.data.source import Source, open_source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.export.facts import onnx_facts, safetensors_facts
from sbvae_cli.runs.folder import RunFolder
from sbvae_cli.viz.metadata import PICTURE_KEYS, about_html, about_image, about_svg

if TYPE_CHECKING:  # PyTorch loads only where a checkpoint is read, as it takes a second or more
    from sbvae_cli.checkpoint import Checkpoint

Facts = dict[str, Any]
OpenData = Callable[[], Source]


def describe(target: str) -> tuple[Facts, OpenData | None]:
    """Return facts about a file, a run folder or a procedural dataset, recognised by its content.

    Args:
        target: Path, or a name such as `circles:xy-hole`.

    Returns:
        The facts as plain containers for JSON, whose `kind` is "dataset", "procedural dataset",
        "checkpoint", "run", "picture", "ONNX graph" or "safetensors"; and a function that opens
        the dataset, or the one that a model was trained on, None for what has no samples.

    Raises:
        SbvaeError: If the target is missing, damaged or of another kind.
    """
    path = Path(target)
    if is_procedural(target):
        source = open_source(target)
        return {"kind": "procedural dataset", **_source_facts(source)}, lambda: source
    known = "name a dataset, a checkpoint, a run folder or circles:PRESET"
    contents = recognise_contents(path, missing=near_dataset(target) or known)
    match contents.kind:
        case "dataset" | "3dshapes":
            file = DatasetFile(path)
            source = Source.of_file(file)
            return _file_facts(file, source), lambda: source
        case "checkpoint":
            facts, open_data = _describe_checkpoint(path)
            return {"kind": "checkpoint", **facts}, open_data
        case "run":
            return _describe_run(RunFolder(path))
        case "picture":
            return _picture_facts(path), None
        case "page":
            return _page_facts(path), None
        case "onnx":
            return {"kind": "ONNX graph", **_of_file(path), **onnx_facts(path)}, None
        case "safetensors":
            return {"kind": "safetensors", **_of_file(path), **safetensors_facts(path)}, None
        case _:
            last = RunFolder(path).last_record() or {}
            if "diverged" in last:
                found = f"diverged in step {last.get('step')}, before its first checkpoint"
                raise SbvaeError(
                    f"{path}: is a run that {found}; train it again with a smaller `learning_rate`"
                )
            raise SbvaeError(f"{path}: {contents}")


def _describe_run(folder: RunFolder) -> tuple[Facts, OpenData]:
    facts, open_data = _describe_checkpoint(folder.checkpoint)
    found = {"kind": "run", **facts, "path": str(folder.path), "log": folder.last_record()}
    return found, open_data


def _describe_checkpoint(path: Path) -> tuple[Facts, OpenData]:
    from sbvae_cli.checkpoint import load_checkpoint
    from sbvae_cli.runs.open import open_data

    checkpoint = load_checkpoint(path)
    return _checkpoint_facts(path, checkpoint), partial(open_data, checkpoint)


def _picture_facts(path: Path) -> Facts:
    """Return the metadata that sbvae wrote into a picture, and its format and size."""
    facts: Facts = {"kind": "picture", "path": str(path), "format": "SVG"}
    with path.open("rb") as file:
        try:
            image = identify(file)
        except UnidentifiedImageError:
            found = about_svg(path.read_text(encoding="utf-8", errors="replace"))
        else:
            found = about_image(image)
            facts |= {"format": image.format, "width": image.width, "height": image.height}
            with suppress(Exception):  # Pillow's readers raise various errors for a broken frame
                facts["frames"] = frame_count(image)
    metadata = {"drawn_by_sbvae": found is not None, **dict.fromkeys(PICTURE_KEYS), **(found or {})}
    return {**facts, **metadata, **facts, "file_bytes": path.stat().st_size}


def _of_file(path: Path) -> Facts:
    return {"path": str(path), "file_bytes": path.stat().st_size}


def _page_facts(path: Path) -> Facts:
    """Return the metadata that `explore` wrote into its HTML page."""
    found = about_html(path.read_text(encoding="utf-8", errors="replace"))
    facts: Facts = {"kind": "picture", "path": str(path), "format": "HTML"}
    metadata = {"drawn_by_sbvae": found is not None, **dict.fromkeys(PICTURE_KEYS), **(found or {})}
    return {**facts, **metadata, **facts, "file_bytes": path.stat().st_size}


def _file_facts(file: DatasetFile, source: Source) -> Facts:
    stored = file.path.stat().st_size
    raw = file.count * file.height * file.width * file.channels
    with h5py.File(file.path, "r") as opened:
        version = opened.attrs.get("sbvae_format")
    return {
        "kind": "dataset",
        "path": str(file.path),
        "format": None if version is None else int(version),
        **_source_facts(source),
        "seed": file.seed,
        "file_bytes": stored,
        "raw_bytes": raw,
        "share_of_raw": stored / raw,
        "files": None if file.files is None else list(file.files),
    }


def _source_facts(source: Source) -> Facts:
    return {
        "name": source.name,
        "count": source.count,
        "height": source.height,
        "width": source.width,
        "channels": source.channels,
        **_space_facts(source.space),
    }


def _space_facts(space: FactorSpace) -> Facts:
    return {
        "renderer": space.renderer,
        "factors": [factor.facts() for factor in space.factors],
        "held_out": [
            {name: list(ends) for name, ends in region.items()} for region in space.held_out
        ],
        "held_out_share": space.held_out_share,
        "blank_share": space.blank,
        "space": space.as_dict(),
    }


def _checkpoint_facts(path: Path, checkpoint: "Checkpoint") -> Facts:
    import torch

    from sbvae_cli.checkpoint import FORMAT

    config = checkpoint.config
    vae = checkpoint.build_vae()
    parameters = {
        name: sum(parameter.numel() for parameter in module.parameters())
        for name, module in (("encoder", vae.encoder), ("decoder", vae.decoder))
    }
    discriminator = checkpoint.count_discriminator()
    if discriminator is not None:
        parameters["discriminator"] = discriminator
    finite = all(bool(torch.isfinite(p).all()) for p in vae.parameters())
    data, training = config.data, config.training
    return {
        "path": str(path),
        "format": FORMAT,
        "sbvae_version": checkpoint.version,
        "file_bytes": path.stat().st_size,
        "step": checkpoint.step,
        "steps": training.steps,
        "data": {
            "source": data.source,
            "name": data.name,
            "height": data.height,
            "width": data.width,
            "channels": data.channels,
            **_space_facts(FactorSpace(checkpoint.space)),
        },
        "model": {
            **config.model.model_dump(mode="json"),
            "likelihood": {
                **config.model.likelihood.model_dump(mode="json"),
                **{name: value.item() for name, value in vae.likelihood.learned().items()},
            },
            "parameters": {**parameters, "total": sum(parameters.values())},
            "finite": finite,
        },
        "preset": config.preset.model_dump(mode="json"),
        "objective": config.objective.model_dump(mode="json"),
        "training": {**training.model_dump(mode="json"), "threads_used": checkpoint.threads},
    }
