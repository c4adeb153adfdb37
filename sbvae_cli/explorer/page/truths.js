// True images of the points of a grid, or of the samples, cut out of the PNG that holds them all.
import { bytes } from "payload";

const unpacked = new WeakMap();

/** A function from a point's row to its true image, as ImageData; a promise, or null where none are stored. */
export async function truths(payload, slice) {
  const atlas = payload.slices.length ? payload.slices[slice] : payload.points;
  if (!atlas?.images || !payload.image) return null;
  if (!unpacked.has(atlas)) {
    const blob = new Blob([bytes(atlas.images)], { type: "image/png" });
    unpacked.set(atlas, createImageBitmap(blob, { colorSpaceConversion: "none" }));
  }
  const { width, height } = payload.image, bitmap = await unpacked.get(atlas);
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  return (row) => {
    context.drawImage(bitmap, (row % atlas.columns) * width, Math.floor(row / atlas.columns) * height, width, height, 0, 0, width, height);
    return context.getImageData(0, 0, width, height);
  };
}
