"""The Spatial Broadcast decoder in another model: slots that share out the circles of a scene.

An autoencoder in the manner of Slot Attention (Locatello et al. 2020), made small: each slot is
decoded by itself to RGB and a mask, and the masks, a softmax over slots, add the images up. Run it,
or paste its cells into a notebook:

    python examples/slot_attention.py --steps 600 --out slots.png

It takes about two minutes of one core. In the picture each row is a scene: the image, what the
slots make of it together, and what each slot draws, times its mask. After 600 steps most circles
are in a slot of their own; the third slot is empty, or shares one.
"""

# %% Scenes of two circles, drawn by sbvae
import argparse
import itertools

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

import sbvae_cli as sbvae

SIZE = 16  # pixels a side
SLOTS, WIDTH = 3, 24  # numbers that a slot has
ROUNDS = 2  # of attention
SPACE = {"diameter": 0.3, "saturation": 1.0, "value": 1.0}


def scenes(data, count: int, seed: int) -> Tensor:
    """Images (N, 3, H, W) in [0, 1] of two circles, the second over the first."""
    draw = np.random.default_rng(seed)
    rows = np.zeros((2 * count, len(data.space.names)))
    for column, name in enumerate(data.space.names):
        low, high = (0.2, 0.8) if name in ("x", "y") else (0.0, 1.0)
        rows[:, column] = SPACE.get(name, draw.uniform(low, high, 2 * count))
    below, above = torch.from_numpy(data.render(rows)).permute(0, 3, 1, 2).div(255).split(count)
    covered = above.amax(1, keepdim=True)
    return below * (1 - covered) + above


# %% The model
class SlotAttention(nn.Module):
    """Slots (N, S, D) that compete for features (N, L, D), round by round."""

    def __init__(self) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.randn(SLOTS, WIDTH))  # a start for each, so that they differ
        self.spread = nn.Parameter(torch.full((WIDTH,), 0.3))
        self.queries, self.keys, self.values = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.of_slots, self.of_features, self.of_change = (nn.LayerNorm(WIDTH) for _ in range(3))
        self.update = nn.GRUCell(WIDTH, WIDTH)
        self.change = nn.Sequential(nn.Linear(WIDTH, 64), nn.ReLU(), nn.Linear(64, WIDTH))

    def forward(self, features: Tensor, noise: Tensor) -> Tensor:
        """Features, and noise (N, S, D) that slots start with, to slots."""
        features = self.of_features(features)
        keys, values = self.keys(features) / WIDTH**0.5, self.values(features)
        slots = self.mean + self.spread * noise  # (N, S, D)
        for _ in range(ROUNDS):
            queries = self.queries(self.of_slots(slots))
            share = torch.softmax(queries @ keys.mT, dim=1) + 1e-6  # (N, S, L): slots compete
            found = (share / share.sum(2, keepdim=True)) @ values
            slots = self.update(found.flatten(0, 1), slots.flatten(0, 1)).view_as(slots)
            slots = slots + self.change(self.of_change(slots))
        return slots


class Slots(nn.Module):
    """Images to the RGB (N, S, 3, H, W) and the masks (N, S, 1, H, W) of slots."""

    def __init__(self) -> None:
        super().__init__()
        widths = [3, WIDTH, WIDTH, WIDTH]
        self.encoder = nn.Sequential(
            *(
                layer
                for n_in, n_out in itertools.pairwise(widths)
                for layer in (nn.Conv2d(n_in, n_out, 5, padding=2), nn.ReLU())
            )
        )
        # Features learn where they are from the coordinates that a broadcast of nothing has.
        self.place = nn.Conv2d(2, WIDTH, 1)
        self.features = nn.Sequential(
            nn.LayerNorm(WIDTH), nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH)
        )
        self.attention = SlotAttention()
        self.decoder = sbvae.SpatialBroadcastDecoder((4, SIZE, SIZE), WIDTH, (32, 32), 5)

    def forward(self, images: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Images (N, 3, H, W), and noise (N, S, D) that slots start with, to RGB and masks."""
        where = sbvae.spatial_broadcast(images.new_zeros(1, 0), SIZE)  # (1, 2, H, W)
        found = self.encoder(images) + self.place(where)
        slots = self.attention(self.features(found.flatten(2).mT), noise)
        drawn = self.decoder(slots.flatten(0, 1)).unflatten(0, slots.shape[:2])  # (N, S, 4, H, W)
        return drawn[:, :, :3], drawn[:, :, 3:].softmax(dim=1)


# %% Training
def train(steps: int, seed: int = 0) -> Slots:
    """Train for some updates on scenes that are drawn as they are needed."""
    torch.manual_seed(seed)
    data = sbvae.open_data("circles:xyh-small", size=SIZE)
    model = Slots()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step in range(steps):
        for group in optimizer.param_groups:  # slots need a slow start, and a quiet end
            group["lr"] = 2e-3 * min(1.0, (step + 1) / 100, (steps - step) / (0.3 * steps))
        images = scenes(data, 32, seed=1 + step)
        rgb, masks = model(images, torch.randn(len(images), SLOTS, WIDTH))
        loss = functional.mse_loss((masks * rgb).sum(1), images)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if (step + 1) % 100 == 0 or step + 1 == steps:
            print(f"step {step + 1:,}: mean squared error {loss.item():.4f}")
    return model


# %% A picture: the scene, all slots together, each slot
def draw(model: Slots, count: int = 8, seed: int = 0) -> Image.Image:
    """Scenes that training has not seen, a row each."""
    images = scenes(sbvae.open_data("circles:xyh-small", size=SIZE), count, seed)
    noise = torch.randn(count, SLOTS, WIDTH, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        rgb, masks = model(images, noise)
    columns = torch.stack([images, (masks * rgb).sum(1), *(masks * rgb).unbind(1)], dim=1)
    levels = columns.clamp(0, 1).mul(255).round().to(torch.uint8)  # (N, 2 + S, 3, H, W)
    framed = functional.pad(levels, (1, 1, 1, 1), value=255)
    rows, across = framed.shape[:2]
    grid = framed.permute(0, 3, 1, 4, 2).reshape(rows * (SIZE + 2), across * (SIZE + 2), 3)
    return Image.fromarray(grid.numpy()).resize((across * 72, rows * 72), Image.Resampling.NEAREST)


# %%
if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=600, help="updates")
    parser.add_argument("--out", default="slots.png", help="picture to write")
    given = parser.parse_args()
    draw(train(given.steps)).save(given.out)
    print(f"wrote {given.out}")
