// What is shown: which two factors span the grid, at what values the others stand, which latents are the axes.
import { make, short } from "parts";
import { extents, ordered } from "sliders";

const pairOf = (slice) => slice.names.join(" and ");

/** The pairs of factors that there are grids of, each once, in the order of the file. */
export function pairs(slices) {
  return [...new Set(slices.map(pairOf))];
}

/** For a pair: each other factor with the values at which it has been stored, ascending. */
export function otherFactors(slices, pair) {
  const values = new Map();
  for (const slice of slices.filter((each) => pairOf(each) === pair)) {
    for (const [name, value] of Object.entries(slice.others ?? {})) {
      if (!values.has(name)) values.set(name, new Set());
      values.get(name).add(value);
    }
  }
  return [...values].map(([name, set]) => [name, [...set].sort((a, b) => a - b)]);
}

/** The stored grid of a pair that is nearest to the wanted values; one that matches factor `first` if there is any. */
export function nearest(slices, pair, wanted, first = null) {
  let best = -1, least = Infinity;
  slices.forEach((slice, n) => {
    if (pairOf(slice) !== pair) return;
    let far = 0;
    for (const [name, value] of Object.entries(slice.others ?? {})) {
      const gap = Math.abs(value - (wanted[name] ?? value));
      far += name === first ? 1e6 * gap : gap;
    }
    if (far < least) [best, least] = [n, far];
  });
  return best;
}

/** The choice of factors and of the values of the others; nothing where there is but one grid. */
export function mount(element, store, payload) {
  const slices = payload.slices, list = pairs(slices);
  element.classList.add("choices");
  if (slices.length < 2) return;
  const factor = new Map(payload.factors.map((each) => [each.name, each]));
  const choose = make("select", {}, ...list.map((pair) => make("option", { value: pair, textContent: pair })));
  choose.setAttribute("aria-label", "Factors that span the grid");
  choose.onchange = () => store.setSlice(nearest(slices, choose.value, slices[store.slice].others ?? {}));
  const others = make("span", { className: "others" });
  element.append(list.length > 1 ? make("label", {}, "the grid varies ", choose) : make("span", { textContent: `the grid varies ${list[0]}` }), others);

  let shown = null, rows = [];
  const show = () => {
    const slice = slices[store.slice], pair = pairOf(slice);
    choose.value = pair;
    if (shown !== pair) {
      shown = pair;
      rows = otherFactors(slices, pair).map(([name, values]) => stepper(name, values, factor.get(name), (value) =>
        store.setSlice(nearest(slices, pair, { ...slices[store.slice].others, [name]: value }, name))));
      others.replaceChildren(...rows.map((row) => row.node));
    }
    for (const row of rows) row.show(slice.others[row.name]);
  };
  store.subscribe("slice", show);
  show();
}

/** The name of a value of a factor whose values have names, as shapes do. */
function levelName(factor, value) {
  const n = factor?.levels?.findIndex((level) => Math.abs(level - value) < 1e-6) ?? -1;
  return factor?.level_names?.[n];
}

/** One other factor: its name, a slider over the values that are stored, and the value. One value is only said. */
function stepper(name, values, factor, onvalue) {
  const unit = factor?.unit ? ` ${factor.unit}` : "", output = make("output");
  const say = (value) => levelName(factor, value) ?? `${short(value, 3)}${unit}`;
  if (values.length < 2) {
    const node = make("span", { className: "other" }, `${name} is `, output);
    return { name, node, show: (value) => (output.textContent = say(value)) };
  }
  const input = make("input", { type: "range", min: 0, max: values.length - 1, step: 1 });
  input.style.setProperty("--steps", values.length - 1);
  input.setAttribute("aria-label", `${name}, ${values.length} values`);
  input.oninput = () => onvalue(values[Number(input.value)]);
  const node = make("label", { className: "other", title: `${name} of the whole grid: ${values.length} values are stored in this page` },
    make("span", { textContent: name }), input, output);
  const show = (value) => {
    input.value = values.indexOf(value);
    output.textContent = say(value);
    input.setAttribute("aria-valuetext", say(value));
  };
  return { name, node, show };
}

/** "latents 8 and 9": the choice of the latents of a plot's axes, in the order of the sliders. */
export function latentChoice(store, payload, m) {
  const model = payload.models[m], node = make("span", { className: "pick-pair" });
  if (model.latents < 2) {
    node.textContent = "one latent";
    return node;
  }
  const order = ordered(model.stds, extents(store.codes(m), model.latents));
  const say = (k) => (model.stds ? `${k} (std ${model.stds[k].toFixed(2)})` : String(k));
  const selects = [0, 1].map((axis) => {
    const shown = make("span", { className: "shown", ariaHidden: "true" });
    const select = make("select", { title: `Latent on the ${axis ? "vertical" : "horizontal"} axis` },
      ...order.map((k) => make("option", { value: k, textContent: say(k) })));
    select.setAttribute("aria-label", `${select.title} of ${model.name}`);
    select.onchange = () => {
      const pair = [...store.axes[m]], wanted = Number(select.value);
      if (pair[1 - axis] === wanted) pair[1 - axis] = pair[axis]; // the two change places
      pair[axis] = wanted;
      store.setAxes(m, pair);
    };
    return { select, shown, box: make("span", { className: "pick" }, shown, select) };
  });
  node.append("latents ", selects[0].box, " and ", selects[1].box);
  const show = () => selects.forEach(({ select, shown }, axis) => {
    select.value = store.axes[m][axis];
    shown.textContent = store.axes[m][axis];
  });
  store.subscribe("axes", show);
  store.subscribe("slice", show);
  show();
  return node;
}
