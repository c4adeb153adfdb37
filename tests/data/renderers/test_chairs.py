"""Drawn chairs against rays cast through each pixel's centre, and against symmetry."""

import math
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations, product

import numpy as np
import pytest

from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.data.renderers.chair_parts import GREYS, LEAN, PARTS, build_parts
from sbvae_cli.data.renderers.chairs import DISTANCE, draw_parts, render_chairs, view_from

FACTORS = named_space("chairs").factors
NAMES = tuple(factor.name for factor in FACTORS)
FRONT_AND_SIDE = [0.42, 0.4, 0.24, 0.28, 1, 0, 1, 30, 40.0]  # a chair with slats, legs and arms


def chairs(n: int, seed: int = 0) -> np.ndarray:
    """Chairs of any kind, seen from any of the views."""
    rng = np.random.default_rng(seed)
    columns = [
        rng.choice(factor.levels, n) if factor.levels else rng.uniform(*factor.bounds, n)
        for factor in FACTORS
    ]
    return np.stack(columns, 1).astype(np.float32)


def extremes() -> np.ndarray:
    """Every corner of the ranges with every style, seen from every view."""
    return np.array(list(product(*(factor.levels or factor.bounds for factor in FACTORS))))


def by_name(rows: np.ndarray) -> dict[str, np.ndarray]:
    return dict(zip(NAMES, rows.T.astype(float), strict=True))


def side_hit(
    box: list[list[float]], eye: list[float], ray: list[float]
) -> tuple[float, int, int] | None:
    """Where a ray enters a box: the distance, the axis, and 1 for the high side."""
    enter, leave = (-math.inf, 0, 0), math.inf
    for axis, (low, high) in enumerate(zip(*box, strict=True)):
        if ray[axis] == 0:
            if not low < eye[axis] < high:
                return None
            continue
        near, far = (low - eye[axis]) / ray[axis], (high - eye[axis]) / ray[axis]
        enter = max(enter, (min(near, far), axis, int(near > far)))
        leave = min(leave, max(near, far))
    return enter if enter[0] < leave else None


def cast(row: np.ndarray, height: int, width: int) -> np.ndarray:
    """Side seen at each pixel's centre, as 6 * part + 2 * axis + high; 255 where there is none."""
    chair = by_name(row[None])
    boxes = [
        (part, box.tolist())
        for part, box in enumerate(build_parts(chair)[:, 0])
        if not np.isnan(box).any()
    ]
    view = view_from(chair)
    (eye,), pivot = view.eye.tolist(), view.pivot.item()
    right, up, away = view.axes[:, 0].tolist()
    leaning_eye = [eye[0], eye[1] - LEAN * (eye[2] - pivot), eye[2]]
    seen = np.full((height, width), 255)
    for r, c in product(range(height), range(width)):
        u = (c + 0.5 - width / 2) / min(height, width)
        v = (height / 2 - r - 0.5) / min(height, width)
        ray = [u * right[i] + v * up[i] + DISTANCE * away[i] for i in range(3)]
        leaning_ray = [ray[0], ray[1] - LEAN * ray[2], ray[2]]
        hits = []
        for part, box in boxes:
            stands_on_seat = box[0][2] >= pivot - 1e-9
            hit = side_hit(box, *((leaning_eye, leaning_ray) if stands_on_seat else (eye, ray)))
            if hit is not None:
                hits.append((hit[0], 6 * part + 2 * hit[1] + hit[2]))
        if hits:
            seen[r, c] = min(hits)[1]
    return seen


def test_the_side_seen_at_each_pixel_is_the_first_that_a_ray_meets() -> None:
    rows = chairs(72, seed=1)
    rows[:, 4:7] = np.resize(list(product((0, 1, 2), (0, 1, 2), (0, 1))), (72, 3))
    sides = np.arange(PARTS * 6, dtype=np.uint8).reshape(PARTS, 3, 2)
    drawn = draw_parts(
        build_parts(by_name(rows)), view_from(by_name(rows)), sides, height=24, width=22
    )

    expected = np.stack([cast(row, 24, 22) for row in rows])
    assert (expected < 255).mean() > 0.15
    assert (drawn != expected).sum() <= 3  # a centre on an edge may fall to either side


def test_a_pixel_is_the_mean_of_sixteen_samples() -> None:
    rows = chairs(10)
    samples = draw_parts(build_parts(by_name(rows)), view_from(by_name(rows)), GREYS, 96, 128)
    mean = samples.reshape(10, 24, 4, 32, 4).mean((2, 4))
    images = render_chairs(rows, NAMES, 24, 32)[..., 0]
    np.testing.assert_array_equal(images, np.floor(mean + 0.5))


@pytest.mark.parametrize(
    ("height", "width", "back_styles"),
    [(32, 48, (0, 1, 2)), (64, 64, (0,))],  # slats and rungs lie within the outline of a solid back
)
def test_every_chair_is_inside_the_frame(
    height: int, width: int, back_styles: tuple[int, ...]
) -> None:
    rows = extremes()
    rows = rows[np.isin(rows[:, NAMES.index("back_style")], back_styles)]
    images = render_chairs(rows, NAMES, height, width)[..., 0]
    assert images[:, [0, -1]].min() == 255
    assert images[:, :, [0, -1]].min() == 255


def test_chairs_fill_much_of_the_frame() -> None:
    seen = render_chairs(extremes()[::11], NAMES, 64, 64)[..., 0] < 255
    tall, wide = seen.any(2).sum(1) / 64, seen.any(1).sum(1) / 64
    assert tall.max() > 0.9
    assert tall.mean() > 0.6
    assert wide.mean() > 0.5
    assert np.minimum(tall, wide).min() > 0.3


@pytest.mark.parametrize("name", NAMES)
def test_each_factor_changes_the_image(name: str) -> None:
    factor = FACTORS[NAMES.index(name)]
    values = factor.levels or factor.bounds
    rows = np.tile(FRONT_AND_SIDE, (len(values), 1))
    rows[:, NAMES.index(name)] = values
    images = render_chairs(rows, NAMES, 64, 64).astype(int)
    for one, other in combinations(images, 2):
        assert (np.abs(one - other) > 20).sum() > 50


def test_boxes_of_a_chair_have_no_volume_in_common() -> None:
    parts = build_parts(by_name(extremes()[:: 2 * 31]))
    for one, other in combinations(parts, 2):
        shared = np.minimum(one[:, 1], other[:, 1]) - np.maximum(one[:, 0], other[:, 0])
        assert not (shared > 1e-9).all(1).any()


def test_boxes_have_three_sizes() -> None:
    parts = build_parts(by_name(extremes()[:: 2 * 31]))
    sizes = parts[:, :, 1] - parts[:, :, 0]
    assert np.nanmin(sizes) > 0.02


def test_a_chair_stands_on_the_floor_and_has_the_sizes_asked_for() -> None:
    rows = chairs(50)
    chair, parts = by_name(rows), build_parts(by_name(rows))
    low, high = np.nanmin(parts[:, :, 0], 0), np.nanmax(parts[:, :, 1], 0)
    np.testing.assert_allclose(high[:, 0] - low[:, 0], chair["seat_width"])
    np.testing.assert_allclose(high[:, 1] - low[:, 1], chair["seat_depth"])
    np.testing.assert_allclose(low[:, 2], 0, atol=1e-12)
    seat = parts[4, :, :, 2]
    np.testing.assert_allclose(seat[:, 0], chair["leg_height"])
    np.testing.assert_allclose(high[:, 2] - seat[:, 1], chair["back_height"])


def test_the_three_sides_of_a_solid_back_and_a_seat_have_greys_of_their_own() -> None:
    row = np.array([[0.5, 0.46, 0.28, 0.33, 0, 2, 0, 30, 40.0]])
    greys, counts = np.unique(render_chairs(row, NAMES, 128, 128), return_counts=True)
    flat = greys[counts > 40]  # blends along edges are rarer
    assert flat[-1] == 255
    assert len(flat) >= 6
    assert flat[0] < 100


def test_the_background_is_white() -> None:
    images = render_chairs(chairs(20), NAMES, 64, 64)[..., 0]
    corners = images[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    assert (corners == 255).all()
    assert ((images == 255).mean((1, 2)) > 0.4).all()
    assert (images[:, 24:40, 24:40] < 255).any((1, 2)).all()


def test_a_whole_turn_is_no_turn() -> None:
    rows = chairs(10)
    rows[:, -1] = 0
    turned = rows + np.array([0] * 8 + [360])
    images = render_chairs(rows, NAMES, 64, 64)
    np.testing.assert_array_equal(images, render_chairs(turned, NAMES, 64, 64))
    eyes = view_from(by_name(rows)).eye, view_from(by_name(turned)).eye
    np.testing.assert_array_equal(*eyes)
    rows[:, -1], turned[:, -1] = 270, -90
    images = render_chairs(rows, NAMES, 64, 64)
    np.testing.assert_array_equal(images, render_chairs(turned, NAMES, 64, 64))


def test_the_silhouette_from_the_other_side_is_mirrored() -> None:
    rows = chairs(60)
    other = rows * ([1] * 8 + [-1])
    seen = render_chairs(rows, NAMES, 64, 64) < 255
    mirrored = render_chairs(other, NAMES, 64, 64)[:, :, ::-1] < 255
    assert (seen != mirrored).sum() <= 5  # a sample on an edge may fall to either side
    assert (seen != seen[:, :, ::-1]).sum() > 60 * 50


def test_from_the_front_the_back_is_above_the_seat_and_from_the_right_it_is_on_the_right() -> None:
    rows = np.tile([0.42, 0.4, 0.24, 0.33, 0, 0, 0, 20, 0.0], (2, 1))
    rows[1, -1] = 90
    front, right = render_chairs(rows, NAMES, 64, 64)[..., 0] < 255
    np.testing.assert_array_equal(front, front[:, ::-1])
    assert front[12, 32]
    assert not right[:20, :32].any()
    assert right[:20, 32:].any()


@pytest.mark.parametrize(("height", "width"), [(32, 48), (48, 32)])
def test_a_wider_or_higher_frame_adds_white_only(height: int, width: int) -> None:
    rows = chairs(20)
    images = render_chairs(rows, NAMES, height, width)
    top, left = (height - 32) // 2, (width - 32) // 2
    middle = images[:, top : top + 32, left : left + 32]
    np.testing.assert_array_equal(middle, render_chairs(rows, NAMES, 32, 32))
    assert (images < 255).sum() == (middle < 255).sum()


def test_rows_are_drawn_each_by_itself() -> None:
    rows = chairs(100)  # more than one batch
    together = render_chairs(rows, NAMES, 64, 48)
    alone = [render_chairs(rows[i : i + 1], NAMES, 64, 48)[0] for i in range(100)]
    np.testing.assert_array_equal(together, alone)


def test_two_threads_draw_what_one_does() -> None:
    parts = [chairs(60, seed) for seed in range(4)]
    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(lambda rows: render_chairs(rows, NAMES, 48, 48), parts))
    for rows, images in zip(parts, together, strict=True):
        np.testing.assert_array_equal(images, render_chairs(rows, NAMES, 48, 48))


def test_blank_rows_are_white_and_others_are_not() -> None:
    rows = np.column_stack([np.tile(FRONT_AND_SIDE, (4, 1)), [1, 0, 1, 1]])
    rows[2, 3] = np.nan
    images = render_chairs(rows, (*NAMES, "present"), 32, 32)
    assert [bool((image < 255).any()) for image in images] == [True, False, False, True]
    np.testing.assert_array_equal(images[0], images[3])
    assert (render_chairs(rows[1:3], (*NAMES, "present"), 32, 32) == 255).all()


def test_columns_are_found_by_name_and_others_are_ignored() -> None:
    rows = chairs(5)
    turned = np.column_stack([np.full(5, np.nan), rows[:, ::-1]])
    images = render_chairs(turned, ("other", *NAMES[::-1]), 32, 32)
    np.testing.assert_array_equal(images, render_chairs(rows, NAMES, 32, 32))


def test_no_rows_give_no_images() -> None:
    images = render_chairs(np.empty((0, 9)), NAMES, 16, 8)
    assert images.shape == (0, 16, 8, 1)
    assert images.dtype == np.uint8


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_column_is_named(name: str) -> None:
    names = [other for other in NAMES if other != name]
    with pytest.raises(ValueError, match=f"there is no factor {name} among "):
        render_chairs(np.ones((1, 8)), names, 16, 16)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("seat_width", 0.6, r"a chair's seat_width is 0.6; give a value in \[0.36, 0.5\]"),
        ("seat_width", 0.3, r"a chair's seat_width is 0.3; give a value in"),
        ("elevation", 40, r"a chair's elevation is 40; give a value in \[20, 30\]"),
        ("leg_style", 3, "a chair's leg_style is 3; give one of 0, 1, 2"),
        ("arms", 0.5, "a chair's arms is 0.5; give one of 0, 1"),
        ("azimuth", np.inf, "a chair's azimuth is inf; give a finite number"),
    ],
)
def test_a_value_that_no_chair_has_is_refused(name: str, value: float, message: str) -> None:
    rows = np.tile(FRONT_AND_SIDE, (2, 1))
    rows[1, NAMES.index(name)] = value
    with pytest.raises(ValueError, match=message):
        render_chairs(rows, NAMES, 16, 16)


def test_bounds_in_single_precision_are_accepted() -> None:
    rows = extremes()[:: 31 * 7].astype(np.float32)
    assert (render_chairs(rows, NAMES, 16, 16) < 255).any((1, 2, 3)).all()
