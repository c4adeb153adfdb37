// A point off the sheet of one model has its place in the other models' plots: the image that the first draws
// there, encoded by the others. Asked once the point rests, so that a moving pointer never waits for it.

const REST = 80; // milliseconds

export function mount(store, payload, runtime) {
  const able = (m) => Boolean(payload.models[m].encoder);
  if (!payload.models.some((_, m) => able(m)) || payload.models.length < 2) return;
  let timer = null, turn = 0;
  const wanted = () => store.point.f === null && store.point.by !== null && payload.models[store.point.by].decoder;
  const ask = async () => {
    const mine = ++turn, by = store.point.by, z = store.z(by).slice();
    const stands = () => mine === turn && wanted() && store.point.by === by && z.every((v, k) => v === store.z(by)[k]);
    const image = await runtime.decode(by, z, { queued: true });
    for (const m of payload.models.keys()) {
      if (m === by || !able(m) || store.isLent(m)) continue;
      if (!stands()) return;
      const { mean } = await runtime.encode(m, image);
      if (stands()) store.lend(m, mean);
    }
  };
  store.subscribe("point", () => {
    clearTimeout(timer);
    if (!wanted()) return;
    const waiting = payload.models.some((_, m) => m !== store.point.by && able(m) && !store.isLent(m));
    if (waiting) timer = setTimeout(() => ask().catch(() => {}), REST); // without a decoder there is no such place
  });
}
