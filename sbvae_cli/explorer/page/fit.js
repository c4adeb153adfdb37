// An image file, made as large as the model's images and with as many channels.

/** Where a picture of `from` is cut so that it has the shape of `to`: the largest part about its middle. */
export function cutFor(from, to) {
  const scale = Math.min(from.width / to.width, from.height / to.height);
  const width = to.width * scale, height = to.height * scale;
  return { left: (from.width - width) / 2, top: (from.height - height) / 2, width, height, scale };
}

/** What was done to the picture, in words; "" if nothing was. */
export function howFitted(from, to, coloured) {
  const cut = cutFor(from, to), done = [], size = (shape) => `${shape.width} x ${shape.height}`;
  const lost = 1 - (cut.width * cut.height) / (from.width * from.height);
  if (lost > 0.005) done.push(cut.width < from.width - 0.5 ? "cut at the sides" : "cut above and below");
  if (cut.scale > 1.001) done.push(`shrunk to ${size(to)}`);
  else if (cut.scale < 0.999) done.push(`enlarged to ${size(to)}`);
  if (to.channels === 1 && coloured) done.push("made grey");
  if (!done.length) return "";
  return `${size(from)} pixels: ${done.length > 1 ? `${done.slice(0, -1).join(", ")} and ${done.at(-1)}` : done[0]}`;
}

/**
 * Pixels of a canvas (RGBA, 0 to 255) as a model's image: channels, then rows, then columns, 0 to 1.
 * Grey is the luma of ITU-R BT.601, as Pillow's conversion; what is transparent becomes black.
 */
export function planes(rgba, channels) {
  const size = rgba.length / 4, out = new Float32Array(channels * size);
  for (let n = 0; n < size; n++) {
    const alpha = rgba[4 * n + 3] / 255, rgb = [0, 1, 2].map((c) => (rgba[4 * n + c] * alpha) / 255);
    if (channels === 1) out[n] = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
    else for (let c = 0; c < channels; c++) out[c * size + n] = c < 3 ? rgb[c] : 1;
  }
  return out;
}

/** Whether a picture has colours at all: a grey one that stays grey needs no mention. */
export function isColoured(rgba) {
  for (let n = 0; n < rgba.length; n += 4) {
    const low = Math.min(rgba[n], rgba[n + 1], rgba[n + 2]), high = Math.max(rgba[n], rgba[n + 1], rgba[n + 2]);
    if (high - low > 8) return true;
  }
  return false;
}

/** Draw `picture` (an ImageBitmap or canvas) into the model's size; halving first, so that nothing flickers. */
export function shrunk(picture, to) {
  const cut = cutFor(picture, to);
  let source = picture, { left, top, width, height } = cut;
  while (width > 2 * to.width && height > 2 * to.height) {
    const half = new OffscreenCanvas(Math.ceil(width / 2), Math.ceil(height / 2)), pen = half.getContext("2d");
    pen.imageSmoothingQuality = "high";
    pen.drawImage(source, left, top, width, height, 0, 0, half.width, half.height);
    [source, left, top, width, height] = [half, 0, 0, half.width, half.height];
  }
  const canvas = new OffscreenCanvas(to.width, to.height), pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.imageSmoothingEnabled = cut.scale !== 1;
  pen.drawImage(source, left, top, width, height, 0, 0, to.width, to.height);
  return pen.getImageData(0, 0, to.width, to.height).data;
}

/** A file of the user's as an image of the model: `{ image, rgba, how }`. Throws where it is no image. */
export async function fitted(file, shape) {
  let picture;
  try {
    picture = await createImageBitmap(file);
  } catch {
    throw new Error(`${file.name || "this"} cannot be read as an image; it holds no whole PNG, JPEG, GIF or WebP`);
  }
  const rgba = shrunk(picture, shape);
  return { image: planes(rgba, shape.channels), rgba, how: howFitted(picture, shape, isColoured(rgba)) };
}

/** Mean absolute difference of two images (0 to 1) over all pixels and channels, in grey levels of 255. */
export function error(one, other) {
  let sum = 0;
  for (let n = 0; n < one.length; n++) sum += Math.abs(one[n] - other[n]);
  return (255 * sum) / one.length;
}

/** A model's image (0 to 1) as pixels for a canvas, which rounds and clamps; grey is repeated, a fourth channel is left out. */
export function pixels(image, shape, data = new ImageData(shape.width, shape.height)) {
  const size = shape.width * shape.height;
  for (let n = 0; n < size; n++) {
    for (let c = 0; c < 3; c++) data.data[4 * n + c] = 255 * image[Math.min(c, shape.channels - 1) * size + n];
    data.data[4 * n + 3] = 255;
  }
  return data;
}
