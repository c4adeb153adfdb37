"""Durations of the frames of a training's animation."""

import numpy as np
import pytest

from sbvae_cli.viz.embedding import FactorPanel
from sbvae_cli.viz.unfolding import LAST, MOVING, STILL, Course, draw_courses

AXIS = np.linspace(0.0, 1.0, 3)
SQUARE = np.stack(np.meshgrid(AXIS, AXIS, indexing="ij"), axis=-1)
FACTORS = FactorPanel(SQUARE, ("x", "y"), np.zeros((3, 3), np.bool_))


def shifted(*shifts: float) -> Course:
    """The square at as many moments, shifted along the first latent by so many stds."""
    codes = np.stack([np.add(SQUARE, (shift, 0.0)) for shift in shifts])
    moments = range(len(shifts))
    return Course(codes, moments, moments[-1], ("z0", "z1"), "model", ["flat"] * len(shifts))


def test_a_frame_lasts_in_proportion_to_the_distance_that_codes_move_up_to_0_3_stds() -> None:
    moving = draw_courses(FACTORS, [shifted(0.0, 0.0, 0.075, 0.225, 0.525, 2.525)])
    quarter, half = (STILL + share * (MOVING - STILL) for share in (0.25, 0.5))
    assert moving.durations == pytest.approx([STILL, quarter, half, MOVING, MOVING, LAST])


def test_the_model_that_moves_most_decides_how_long_a_frame_lasts() -> None:
    models = [shifted(0.0, 0.15, 0.15, 0.15), shifted(0.0, 0.0, 0.0, 0.3)]
    half = (STILL + MOVING) / 2
    assert draw_courses(FACTORS, models).durations == pytest.approx([half, STILL, MOVING, LAST])


def test_points_without_an_image_leave_a_frames_duration_unchanged() -> None:
    course = shifted(0.0, 0.15)
    course.codes[:, 1, 1] = np.nan
    assert draw_courses(FACTORS, [course]).durations == [(STILL + MOVING) // 2, LAST]
