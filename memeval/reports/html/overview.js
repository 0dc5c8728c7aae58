// The first page: recommendation, filters, runs, categories.
const view = {
  text: "", strategy: "", retriever: "", budget: "", fixed: true, sort: { column: -1, down: true },
  tokens: "2000", latency: "50", dollars: "", x: "", by: "0", bySort: { column: -1, down: true },
};
const score = (run, place) => (place === null || !run.scores[place] ? null : run.scores[place].v);
function chosen() {
  const words = view.text.toLowerCase().split(/\s+/).filter(Boolean);
  return data.runs.filter((run) =>
    (view.fixed || !run.reference) && (!view.strategy || run.strategy === view.strategy) &&
    (!view.retriever || run.retriever === view.retriever) && (!view.budget || String(run.budget) === view.budget) &&
    words.every((word) => (runLabel(run) + " " + run.id).toLowerCase().includes(word)));
}
const indexOfRun = (run) => data.runs.indexOf(run);
function overview() {
  const main = data.measures[0];
  const plot = el("div", { class: "plot" });
  const runs = el("div");
  const categories = el("div");
  const advice = el("div", { "aria-live": "polite" });
  const shown = el("p", { class: "note", role: "status" });
  const refresh = () => {
    const rows = chosen();
    shown.textContent = `${count(rows.length)} of ${several(data.runs.length, "run", "runs")} shown.`;
    runs.replaceChildren(...runTable(rows).filter(Boolean));
    drawPlot(plot, rows);
    categories.replaceChildren(...categoryTable(rows).filter(Boolean));
  };
  const change = (key) => (value) => { view[key] = value; refresh(); };
  const limit = (key) => (value) => { view[key] = value; advice.replaceChildren(...recommend()); };
  const each = (key) => [...new Set(data.runs.map((run) => run[key]))];
  const fixed = el("input", { type: "checkbox", checked: view.fixed, onchange: () => change("fixed")(fixed.checked) });
  const axes = [["tokens", "context tokens"], ["latency", "p95 latency"], ["dollars", "dollars"]]
    .filter(([key]) => data.runs.some((run) => score(run, data[key]) !== null));
  if (!axes.some(([key]) => key === view.x)) view.x = axes.length ? axes[0][0] : "";
  const money = data.runs.some((run) => score(run, data.dollars) !== null);
  const measures = data.measures.map((measure, place) => [String(place), measure.label, measure])
    .filter(([, , measure]) => measure.shown && measure.questions);
  const page = [
    el("h1", {}, "Memory strategies on ", foreign(data.benchmark)),
    el("p", {}, foreign(data.title), `. ${several(data.runs.length, "run", "runs")}`,
      data.made[1] ? [", made ", el("span", { class: "whole" }, data.made[0] === data.made[1] ? data.made[1] : data.made[0] + " to " + data.made[1])] : "",
      ". Licence of the dialogues: ", foreign(data.licence), "."),
    el("section", { "aria-labelledby": "advice" },
      el("h2", { id: "advice" }, "Recommendation"),
      el("div", { class: "controls" },
        field("At most, tokens of context", "number", view.tokens, limit("tokens"), { min: 0, step: 100, id: "max-tokens" }),
        field("At most, ms to read (p95)", "number", view.latency, limit("latency"), { min: 0, step: 5, id: "max-latency" }),
        money ? field("At most, $ for 1,000 questions", "number", view.dollars, limit("dollars"), { min: 0, step: "any" }) : null),
      advice),
    el("section", { "aria-labelledby": "filter" },
      el("h2", { id: "filter" }, "Which runs to show"),
      el("div", { class: "controls" },
        field("Name contains", "search", view.text, change("text"), { id: "filter-text" }),
        ...["strategy", "retriever"].map((key) => choice(key[0].toUpperCase() + key.slice(1),
          [["", "all"], ...each(key).sort().map((name) => [name, name])], view[key], change(key))),
        sameBudget() ? null : choice("Budget", [["", "all"], ...each("budget").sort((a, b) => a - b).map((n) => [String(n), count(n)])],
          view.budget, change("budget")),
        el("label", { class: "check" }, fixed, el("span", {}, "Fixed rows (none, random, oracle, full)"))),
      shown),
    el("section", { "aria-labelledby": "tradeoff" },
      el("h2", { id: "tradeoff" }, "Trade-off"),
      axes.length ? el("div", { class: "controls" }, choice("Across", axes, view.x, (value) => { view.x = value; drawPlot(plot, chosen()); })) : null,
      plot),
    el("section", { "aria-labelledby": "runs" },
      el("h2", { id: "runs" }, "All runs"),
      el("p", { class: "note" }, "Press a heading to sort. A run or a score leads to the questions behind it. Brackets hold the 95\u00a0% interval, ",
        "with dialogues resampled; \u201cchance\u201d is what as much text chosen blindly would reach."),
      data.notes.map((note) => el("p", { class: "note" }, visible(note))),
      runs),
    el("section", { "aria-labelledby": "categories" },
      el("h2", { id: "categories" }, "By category"),
      el("div", { class: "controls" }, choice("Measure", measures, view.by, (value) => { view.by = value; categories.replaceChildren(...categoryTable(chosen()).filter(Boolean)); })),
      categories),
    el("section", { "aria-labelledby": "legend" },
      el("h2", { id: "legend" }, "What the columns mean"),
      el("dl", {}, data.measures.filter((measure) => measure.shown).map((measure) => [
        el("dt", {}, measure.label + (measure.unit ? ` (${measure.unit})` : "")),
        el("dd", {}, el("code", {}, measure.name), ": ", measure.summary)]))),
  ];
  advice.replaceChildren(...recommend());
  return { title: `Memory strategies on ${data.benchmark}`, path: [], page, after: refresh, main };
}

function recommend() {
  const main = data.measures[0];
  const limits = ["tokens", "latency", "dollars"].map((key) => {
    const given = view[key] === "" ? NaN : Number(view[key]);
    const inUnit = { tokens: given, latency: given / 1000, dollars: given / 1000 }[key];
    return { key, given, allowed: (run) => Number.isNaN(given) || data[key] === null || (score(run, data[key]) !== null && score(run, data[key]) <= inUnit) };
  });
  const words = limits.filter(({ given }) => !Number.isNaN(given)).map(({ key, given }) =>
    ({ tokens: `${count(given)} tokens`, latency: `${count(given)} ms`, dollars: `$${given} for 1,000 questions` })[key]);
  const bound = words.length ? `For at most ${words.join(" and ")}` : "Without any limit";
  const sign = main.better === "lower" ? -1 : 1;
  const able = data.runs.filter((run) => !run.reference && score(run, 0) !== null && limits.every(({ allowed }) => allowed(run)))
    .sort((a, b) => sign * (score(b, 0) - score(a, 0)) || (score(a, data.tokens) || 0) - (score(b, data.tokens) || 0));
  if (!able.length) return [el("p", { class: "advice" }, `${bound}: none of these runs. Raise a limit, or run smaller budgets.`)];
  const [best] = able;
  const cell = best.scores[0];
  const facts = [
    `${main.label} ${withUnit(main, cell.v)}` + (cell.low !== undefined ? ` (95 % interval ${figure(main, cell.low)} to ${figure(main, cell.high)})` : ""),
    cell.chance !== undefined ? `chance ${withUnit(main, cell.chance)}` : null,
    score(best, data.tokens) !== null ? `${count(Math.round(score(best, data.tokens)))} tokens of context on average` : null,
    score(best, data.latency) !== null ? `${figure(data.measures[data.latency], score(best, data.latency))} ms to read at p95` : null,
  ].filter(Boolean).join(", ");
  const close = cell.low === undefined ? [] : able.slice(1).filter((run) => score(run, 0) >= cell.low && score(run, 0) <= cell.high);
  const cheapest = [...close].sort((a, b) => (score(a, data.tokens) || 0) - (score(b, data.tokens) || 0))[0];
  const link = (run) => el("a", { href: runAddress(indexOfRun(run)) }, visible(runLabel(run)));
  return [
    el("p", { class: "advice" }, `${bound}: `, el("strong", {}, link(best))),
    el("p", {}, facts[0].toUpperCase() + facts.slice(1), "."),
    ...(best.tuned.length ? [el("p", {}, `The default settings of ${best.tuned.map(visible).join(", ")} were chosen on this data: its values are too good here.`)] : []),
    close.length
      ? el("p", {}, `Not told apart from it by this interval: ${several(close.length, "other run", "other runs")}`,
        ...(close.length > 1 || cheapest ? [close.length > 1 ? ", with the fewest tokens " : ": ", link(cheapest), score(cheapest, data.tokens) !== null ? ` (${figure(main, score(cheapest, 0))} ${main.unit}, ${count(Math.round(score(cheapest, data.tokens)))} tokens)` : ""] : []),
        ". Whether two of them differ is tested by ", el("code", {}, "memeval compare"), ".")
      : el("p", {}, `${several(able.length, "run meets", "runs meet")} these limits; no other is within its interval.`),
  ];
}

function runTable(rows) {
  const link = (run, place, text) => el("a", { href: runAddress(indexOfRun(run), { measure: String(place) }), tabindex: "-1" }, text);
  const columns = [
    { label: "run", first: true, value: (run) => run.name, cell: (run) => el("a", { href: runAddress(indexOfRun(run)) }, visible(run.name)) },
    ...(sameBudget() ? [] : [{ label: "budget", number: true, value: (run) => run.budget, cell: (run) => count(run.budget) }]),
    ...data.axes.map((axis, index) => ({ label: axis, value: (run) => run.axes[index], cell: (run) => foreign(run.axes[index]) })),
  ];
  data.measures.forEach((measure, place) => {
    if (!measure.shown) return;
    columns.push({
      label: measure.label + (measure.unit ? `, ${measure.unit}` : ""), title: `${measure.name}: ${measure.summary}`, number: true,
      value: (run) => score(run, place),
      cell: (run) => {
        const found = run.scores[place];
        if (!found) return run.unfit[place] ? el("span", { title: `${count(run.unfit[place])} prompts do not fit the context window` }, DASH + "*") : DASH;
        const range = found.low === undefined ? null : el("span", { class: "range" }, ` [${figure(measure, found.low)}, ${figure(measure, found.high)}]`);
        return [measure.questions ? link(run, place, figure(measure, found.v)) : figure(measure, found.v), range];
      },
    });
    if (place === 0 && data.runs.some((run) => run.scores[0] && run.scores[0].chance !== undefined)) {
      const chance = (run) => (run.scores[0] && run.scores[0].chance !== undefined ? run.scores[0].chance : null);
      columns.push({ label: `chance, ${measure.unit}`, number: true, value: chance, cell: (run) => figure(measure, chance(run)) });
    }
  });
  if (data.runs.some((run) => run.failed)) columns.push({ label: "failed", number: true, value: (run) => run.failed, cell: (run) => count(run.failed) });
  return table(`Runs by measures, ${count(data.questions)} questions`, columns, rows, view.sort);
}

function categoryTable(rows) {
  const place = Number(view.by);
  const measure = data.measures[place];
  const value = (run, index) => (run.categories[view.by] ? run.categories[view.by][index] : null);
  const columns = [
    { label: "run", first: true, value: (run) => runLabel(run), cell: (run) => el("a", { href: runAddress(indexOfRun(run)) }, visible(runLabel(run))) },
    ...data.categories.map((category, index) => ({
      label: visible(category), number: true, title: `${count(data.counts[index])} questions`, value: (run) => value(run, index),
      cell: (run) => {
        const found = value(run, index);
        if (found === null) return DASH;
        return el("a", { tabindex: "-1", href: runAddress(indexOfRun(run), { measure: view.by, category: "@" + index }) }, figure(measure, found));
      },
    })).filter((column) => data.runs.some((run) => column.value(run) !== null)),
  ];
  return table(`${measure.label} by category${measure.unit ? ", " + measure.unit : ""}`, columns, rows, view.bySort);
}
