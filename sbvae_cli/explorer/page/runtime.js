// The models in the page: decode and encode by onnxruntime-web in a worker. Touches no element.
//
//   decode(m, z)                     the image, Float32Array (C * H * W), in [0, 1]; or null where a newer z of this
//                                    model came before its turn: what a pointer passed by is not drawn
//   decode(m, z, { queued: true })   always the image, when no pointer waits
//   encode(m, image)                 { mean }, Float32Array (K,), of an image (C * H * W); queued too
//   begun                            promise: the graphs run
//   started                          promise: they also agree with PyTorch, which is looked at while no image is asked
//                                    for; rejected with what is wrong
//   failed, onfail(error)            what is wrong, once and for all: a worker that did not start, died or does not answer
//   worst                            largest difference from PyTorch's images on the probes, of 1; null without probes
//   times, dropped, done             ms of the last 200 decodes, how many were passed over, how many were run
import { part, unpacked } from "payload";

const GREY_LEVELS = 2; // of 255: what the page may differ from PyTorch, half precision of the weights included
const PATIENCE = 20_000; // ms: a run without an answer for so long has none; no event tells of a worker that was killed

export class Runtime {
  constructor(payload) {
    this.payload = payload;
    this.newest = payload.models.map(() => null); // what each model is to draw next: { z, resolve, reject }
    this.turn = payload.models.map(() => 0); // when each model had its last turn
    this.queue = [];
    this.busy = false;
    this.ready = false;
    this.answers = new Map();
    this.count = 0;
    Object.assign(this, { times: [], dropped: 0, done: 0, worst: null, failed: null, patience: PATIENCE, onfail: () => {} });
    this.needed = payload.models.some((model) => model.decoder || model.encoder);
    this.begun = this.needed ? this.#start() : Promise.resolve();
    this.started = this.begun.then(() => this.#check());
    this.started.catch((error) => this.#fail(error));
  }

  decode(m, z, { queued = false } = {}) {
    const task = this.#task({ m, z: Float32Array.from(z), timed: true, of: "decoder" });
    if (this.failed) task.reject(this.failed);
    else if (queued) this.queue.push(task);
    else {
      if (this.newest[m]) {
        this.newest[m].resolve(null);
        this.dropped++;
      }
      this.newest[m] = task;
    }
    this.#pump();
    return task.promise;
  }

  encode(m, image) {
    return this.#queued({ m, image: Float32Array.from(image), of: "encoder" });
  }

  #queued(given) {
    const task = this.#task(given);
    if (this.failed) task.reject(this.failed);
    else this.queue.push(task);
    this.#pump();
    return task.promise;
  }

  #task(given) {
    const task = { ...given };
    task.promise = new Promise((resolve, reject) => Object.assign(task, { resolve, reject }));
    return task;
  }

  /** Next: of the models that a pointer waits for the one whose turn is longest ago; then the queue. */
  #next() {
    let best = -1;
    this.newest.forEach((task, m) => {
      if (task && (best < 0 || this.turn[m] < this.turn[best])) best = m;
    });
    if (best < 0) return this.queue.shift();
    const task = this.newest[best];
    this.newest[best] = null;
    this.turn[best] = ++this.count;
    return task;
  }

  async #pump() {
    if (!this.ready || this.busy || this.failed) return;
    const task = this.#next();
    if (!task) return;
    this.busy = true;
    try {
      task.resolve(await (task.of === "decoder" ? this.#decoded(task) : this.#encoded(task)));
    } catch (error) {
      task.reject(error);
    } finally {
      this.busy = false;
    }
    this.#pump();
  }

  async #decoded({ m, z, timed }) {
    const start = performance.now(), { image } = await this.#run(`decoder ${m}`, "z", z, [1, z.length]);
    if (!timed) return image;
    this.times.push(performance.now() - start);
    if (this.times.length > 200) this.times.shift();
    this.done++;
    return image;
  }

  async #encoded({ m, image }) {
    const { channels, height, width } = this.payload.image;
    const out = await this.#run(`encoder ${m}`, "image", image, [1, channels, height, width]);
    return { mean: out.mean };
  }

  #run(name, input, data, dims) {
    const id = ++this.count;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => this.#fail(new Error("the decoders do not answer any more; load the page again")), this.patience);
      this.answers.set(id, { resolve, reject, late });
      this.worker.postMessage({ id, name, input, data, dims }, [data.buffer]);
    });
  }

  async #start() {
    const missing = ["WebAssembly", "DecompressionStream", "Worker"].filter((name) => typeof globalThis[name] === "undefined");
    if (missing.length) throw new Error(`this browser has no ${missing.join(" and no ")}`);
    const named = this.payload.models.flatMap(({ decoder, encoder }, m) => [[`decoder ${m}`, decoder], [`encoder ${m}`, encoder]]).filter(([, id]) => id);
    const [code, wasm, ...graphs] = await Promise.all(["runtime", "wasm", ...named.map(([, id]) => id)].map(unpacked));
    await this.#begin({ code, wasm: wasm.buffer, graphs: Object.fromEntries(named.map(([name], n) => [name, graphs[n]])) });
    this.ready = true;
    this.#pump();
  }

  #begin(start) {
    const url = URL.createObjectURL(new Blob([part("worker")], { type: "text/javascript" }));
    this.worker = new Worker(url);
    return new Promise((resolve, reject) => {
      this.worker.onerror = this.worker.onmessageerror = (event) => {
        const error = new Error(event.message || (this.ready ? "its worker stopped" : "its worker did not start"));
        reject(error);
        this.#fail(error);
      };
      this.worker.onmessage = ({ data }) => {
        if (data.started) return resolve();
        if (data.id === undefined) return reject(new Error(data.error));
        const answer = this.answers.get(data.id);
        this.answers.delete(data.id);
        clearTimeout(answer.late);
        return data.error ? answer.reject(new Error(data.error)) : answer.resolve(data.outputs);
      };
      this.worker.postMessage({ start }, [start.wasm]);
    });
  }

  /** Compare the decoders with the images that PyTorch drew of the same latents. */
  async #check() {
    for (const [m, { probes, latents, decoder, name }] of this.payload.models.entries()) {
      if (!decoder || !probes) continue;
      const size = probes.images.length / probes.count;
      for (let n = 0; n < probes.count; n++) {
        const image = await this.#queued({ m, z: probes.z.slice(n * latents, (n + 1) * latents), of: "decoder" });
        for (let q = 0; q < size; q++) {
          const far = Math.abs(Math.min(1, Math.max(0, image[q])) - probes.images[n * size + q] / 255);
          if (!(far <= (this.worst ?? 0))) this.worst = far; // not a number is worse than any
        }
      }
      if (!(this.worst <= GREY_LEVELS / 255)) {
        throw new Error(`${name} draws other images here than in PyTorch, by ${(255 * this.worst).toFixed(1)} of 255 grey levels`);
      }
    }
  }

  #fail(error) {
    if (this.failed) return;
    this.failed = error;
    this.worker?.terminate();
    for (const { late } of this.answers.values()) clearTimeout(late);
    for (const task of [...this.queue, ...this.newest.filter(Boolean), ...this.answers.values()]) task.reject(error);
    this.queue = [];
    this.newest.fill(null);
    this.answers.clear();
    this.onfail(error);
  }
}
