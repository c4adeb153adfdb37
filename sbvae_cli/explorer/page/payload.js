// What the page was given: reads the JSON and the binary parts that stand in the HTML file, and nothing else.
// Afterwards the rest of the page sees typed arrays only. The format's contract is `explorer/payload.py`.

/** Bytes of base64. */
export function bytes(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const raw = atob(text), out = new Uint8Array(raw.length);
  for (let n = 0; n < raw.length; n++) out[n] = raw.charCodeAt(n);
  return out;
}

/** Numbers given as a JSON list or as base64 of little-endian float32; null stays null. */
export function floats(given) {
  if (given === null || given === undefined) return null;
  return typeof given === "string" ? new Float32Array(bytes(given).buffer) : Float32Array.from(given.flat(2));
}

/** Text of the script element `id`: parts that are too large for the JSON. */
export const part = (id) => document.getElementById(id).textContent.trim();

/** What `part(id)` holds, unpacked: base64 of gzip. */
export async function unpacked(id) {
  const packed = new Blob([bytes(part(id))]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

/** The payload with its arrays ready: codes, factors, flags; images stay packed until they are shown. */
export function readPayload() {
  const payload = JSON.parse(part("payload"));
  payload.factors ??= [];
  payload.slices ??= [];
  payload.unused_from ??= 0.5;
  for (const slice of payload.slices) {
    slice.others ??= {};
    slice.held_out = slice.held_out ? bytes(slice.held_out) : null;
    slice.present = slice.present ? bytes(slice.present) : null;
  }
  if (payload.points) {
    payload.points.factors = floats(payload.points.factors);
    payload.points.held_out = payload.points.held_out ? bytes(payload.points.held_out) : null;
  }
  for (const model of payload.models) readModel(model, Math.max(1, payload.slices.length));
  return payload;
}

function readModel(model, slices) {
  model.stds = model.stds ? Array.from(floats(model.stds)) : null;
  model.codes = (model.codes ?? []).map(floats);
  model.point_codes = floats(model.point_codes);
  // One latent has no second axis; many pages share one pair.
  model.axes ??= [];
  for (let n = 0; n < slices; n++) {
    const [i = 0, j = null] = model.axes[n] ?? model.axes[0] ?? [0, model.latents > 1 ? 1 : null];
    model.axes[n] = [i, model.latents > 1 && j !== i ? j : model.latents > 1 ? Number(i === 0) : null];
  }
  if (model.probes) {
    model.probes.z = floats(model.probes.z);
    model.probes.images = bytes(model.probes.images);
  }
}
