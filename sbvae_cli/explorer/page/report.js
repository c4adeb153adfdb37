// What is known of the models: scores of the grid that is shown, findings, settings, commands, how the page was made.
import { copy, listed, make } from "parts";
import { alongRow, rove } from "roving";

const same = (pair, other) => pair.length === other.length && pair.every((k) => other.includes(k));

/** Scores of one model for the grid that is shown; pale where other latents are drawn than they were measured in. */
export function mountScores(element, store, payload, runtime, m) {
  const model = payload.models[m], list = make("dl", { className: "scores" });
  const help = make("p", { className: "help-line", hidden: true }), about = make("p", { className: "pale-line", hidden: true });
  let asked = null;
  const ask = (score, button) => {
    asked = asked === score.key ? null : score.key;
    for (const other of list.querySelectorAll("button")) other.setAttribute("aria-expanded", String(asked !== null && other === button));
    help.hidden = asked === null;
    help.textContent = score.help;
  };
  const renew = rove(list, () => [...list.querySelectorAll("button")], alongRow);
  const fill = () => {
    const scores = model.scores?.[store.slice] ?? [];
    asked = null;
    help.hidden = true;
    list.replaceChildren(...scores.map((score) => {
      const button = make("button", { type: "button", textContent: score.label, title: score.help });
      button.setAttribute("aria-expanded", "false");
      button.onclick = () => ask(score, button);
      return make("div", {}, make("dt", {}, button), make("dd", { textContent: score.text ?? "-" }));
    }));
    renew();
    element.hidden = scores.length === 0;
    pale();
  };
  const pale = () => {
    const measured = model.axes?.[store.slice], other = measured && !same(measured, store.axes[m]);
    list.classList.toggle("pale", Boolean(other));
    about.hidden = !other;
    if (other) about.textContent = `measured in latents ${listed([...measured])}, not in those shown`;
  };
  element.classList.add("score-block");
  element.append(list, help, about);
  store.subscribe("slice", fill);
  store.subscribe("axes", pale);
  fill();
}

/** Findings, settings, commands and how the page was made, one below the other. */
export function mount(element, store, payload, runtime) {
  element.classList.add("report");
  const column = (...parts) => make("div", {}, ...parts.filter(Boolean));
  element.append(column(findings(payload), commands(payload)), column(settings(payload), made(payload, runtime)));
}

function section(title, ...children) {
  return make("section", {}, make("h2", { textContent: title }), ...children);
}

function findings(payload) {
  const found = payload.models.filter((model) => model.findings?.length);
  if (!found.length) return null;
  const list = make("dl", { className: "findings" });
  for (const model of found) {
    list.append(make("dt", { textContent: model.name }));
    for (const sentence of model.findings) list.append(make("dd", { textContent: sentence }));
  }
  return section("What was found", list);
}

/** Rows of the table of settings: [name, [a text or null for each model], whether they differ]; those that differ first. */
export function settingRows(models) {
  const names = [...new Set(models.flatMap((model) => (model.settings ?? []).map(([name]) => name)))];
  const tables = models.map((model) => new Map(model.settings ?? []));
  const rows = names.map((name) => {
    const texts = tables.map((table) => (table.has(name) ? String(table.get(name)) : null));
    return [name, texts, new Set(texts).size > 1];
  });
  return [...rows.filter((row) => row[2]), ...rows.filter((row) => !row[2])];
}

function settings(payload) {
  const rows = settingRows(payload.models), several = payload.models.length > 1;
  if (!rows.length) return null;
  const head = make("tr", {}, make("td"), ...payload.models.map((model) => make("th", { textContent: model.name, scope: "col" })));
  const body = rows.map(([name, texts, differs]) => {
    const row = make("tr", { className: differs ? "differs" : "" }, make("th", { textContent: name, scope: "row" }));
    if (several && !differs) row.append(make("td", { textContent: texts[0], colSpan: texts.length }));
    else row.append(...texts.map((text) => make("td", { textContent: text ?? "-" })));
    return row;
  });
  const table = make("table", { className: "settings" }, make("thead", {}, head), make("tbody", {}, ...body));
  const differing = rows.filter((row) => row[2]).length;
  if (!several || differing === rows.length) return section("Settings", make("div", { className: "wide" }, table));
  const shared = rows.length - differing;
  const button = make("button", { type: "button", className: "link", textContent: `show ${shared} that are the same` });
  button.setAttribute("aria-expanded", "false");
  button.onclick = () => {
    const open = table.classList.toggle("all");
    button.setAttribute("aria-expanded", String(open));
    button.textContent = open ? `hide ${shared} that are the same` : `show ${shared} that are the same`;
  };
  const note = differing ? null : make("p", { className: "quiet", textContent: "The models have the same settings." });
  table.classList.add("folds");
  return section(several ? "Settings that differ" : "Settings", note, make("div", { className: "wide" }, table), button);
}

/** A command as it is typed, with a button that copies it. */
export function commandLine(text, name) {
  const button = make("button", { type: "button", className: "copy", textContent: "copy" });
  button.setAttribute("aria-label", `Copy the command of ${name}`);
  let timer;
  button.onclick = async () => {
    button.textContent = (await copy(text)) ? "copied" : "select it by hand";
    clearTimeout(timer);
    timer = setTimeout(() => (button.textContent = "copy"), 1500);
  };
  return make("div", { className: "command" }, make("code", { textContent: text }), button);
}

function commands(payload) {
  const list = payload.models.filter((model) => model.command);
  if (!list.length) return null;
  const rows = list.flatMap((model) => [
    make("dt", {}, model.name, make("span", { className: "quiet", textContent: model.kind ? `: ${model.kind}` : "" })),
    make("dd", {}, commandLine(model.command, model.name)),
  ]);
  return section(list.length > 1 ? "How the models were made" : "How the model was made", make("dl", { className: "commands" }, ...rows));
}

/** How well the page's decoders agree with PyTorch, as one sentence. */
export function agreement(worst, points, other = "PyTorch") {
  if (worst === null || worst === undefined) return "";
  const grey = 255 * worst, most = grey < 0.01 ? "less than 0.01" : grey.toFixed(grey < 1 ? 2 : 1);
  const how = grey < 0.01 ? `by ${most} of 255 grey levels` : `by ${most} of 255 grey levels at most`;
  return `On ${points} images the decoders of this page and ${other} differ ${how}.`;
}

function made(payload, runtime) {
  const check = make("p", { className: "quiet" });
  const points = payload.models.reduce((sum, model) => sum + (model.probes?.count ?? 0), 0);
  const decodes = payload.models.some((model) => model.decoder);
  if (decodes) {
    // Codes come from elsewhere, and so does their decoder: a file, which ran outside the browser too.
    const other = payload.models.some((model) => model.encoder) ? "PyTorch" : "ONNX Runtime on a computer";
    check.textContent = `The decoders are being compared with ${other} ...`;
    runtime.started.then(
      () => (check.textContent = agreement(runtime.worst, points, other)),
      (failure) => (check.textContent = `Nothing is decoded: ${failure.message}.`),
    );
  }
  const text = decodes
    ? `Written by ${payload.made_by}. Everything runs in this file: nothing is loaded, and no image leaves it.`
    : `Written by ${payload.made_by}. It holds codes${payload.image ? " and images" : ""}, but no decoder: nothing new is drawn.`;
  return section("How this page was made", make("p", { className: "quiet", textContent: text }), check,
    payload.command ? commandLine(payload.command, "this page") : null);
}
