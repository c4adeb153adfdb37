// Runs in a worker: the models' graphs, one run at a time, in the order in which they are asked for. A classic script,
// since a module worker made from a blob does not start in a page from disk. It takes
//   { start: { code, wasm, graphs: { name: bytes } } }   onnxruntime-web's module, its WebAssembly and the graphs
//   { id, name, input, data, dims }                      one run: an input by its name
// and answers { started: true }, { id, outputs: { name: Float32Array } } or { id, error }.
let ort = null;
const sessions = {};

async function start({ code, wasm, graphs }) {
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" })), module = await import(url);
  URL.revokeObjectURL(url);
  ort = module.default?.InferenceSession ? module.default : module;
  Object.assign(ort.env.wasm, { wasmBinary: wasm, numThreads: 1, proxy: false });
  ort.env.logLevel = "error";
  for (const [name, graph] of Object.entries(graphs)) {
    sessions[name] = await ort.InferenceSession.create(graph, { executionProviders: ["wasm"], graphOptimizationLevel: "all" });
  }
  postMessage({ started: true });
}

async function run({ id, name, input, data, dims }) {
  const results = await sessions[name].run({ [input]: new ort.Tensor("float32", data, dims) });
  const outputs = Object.fromEntries(Object.entries(results).map(([key, tensor]) => [key, tensor.data.slice()]));
  postMessage({ id, outputs }, Object.values(outputs).map((values) => values.buffer));
}

onmessage = async ({ data }) => {
  try {
    await (data.start ? start(data.start) : run(data));
  } catch (error) {
    postMessage({ id: data.id, error: String(error?.message ?? error) });
  }
};
