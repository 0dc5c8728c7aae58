// The pages of a report. Texts of dialogues are untrusted: they only ever become text nodes, and files are loaded by
// names of our own making.
"use strict";
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const DASH = "\u2013";
  const PAGE = 100;
  const LONG = 2000;
  const KEPT = 40;

  // ---- data: a script file calls memevalData with a name and JSON -------------------------------------------------
  const arrived = new Map();
  const asked = new Map();
  window.memevalData = (name, text) => arrived.set(name, JSON.parse(text));
  const checked = (url) => {
    if (!/^data\/[a-z0-9-]+\.js$/.test(url)) throw new TypeError("not a data file: " + url);
    return url;
  };
  const policy = window.trustedTypes
    ? window.trustedTypes.createPolicy("memeval", { createScriptURL: checked })
    : { createScriptURL: checked };

  function load(name) {
    if (asked.has(name)) {
      const known = asked.get(name);
      asked.delete(name);
      asked.set(name, known);
      return known;
    }
    const promise = new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.onload = () => {
        const value = arrived.get(name);
        arrived.delete(name);
        script.remove();
        if (value === undefined) reject(new Error("data/" + name + ".js brings no data: write the report again"));
        else resolve(value);
      };
      script.onerror = () => {
        script.remove();
        reject(new Error("data/" + name + ".js cannot be read: keep the folder together, or write the report again"));
      };
      script.src = policy.createScriptURL("data/" + name + ".js");
      document.head.append(script);
    });
    promise.catch(() => asked.delete(name));
    asked.set(name, promise);
    for (const old of asked.keys()) {
      if (asked.size <= KEPT) break;
      if (old !== "summary" && old !== "questions") asked.delete(old);
    }
    return promise;
  }

  // ---- building blocks ---------------------------------------------------------------------------------------------
  function add(node, children) {
    for (const child of children.flat(Infinity)) {
      if (child !== null && child !== undefined && child !== false) node.append(child);
    }
    return node;
  }
  function set(node, options) {
    for (const [key, value] of Object.entries(options || {})) {
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else if (key === "value" || key === "checked" || key === "selected") node[key] = value;
      else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
    }
    return node;
  }
  const el = (tag, options, ...children) => set(add(document.createElement(tag), children), options);
  const draw = (tag, options, ...children) => set(add(document.createElementNS(SVG, tag), children), options);
  // Text of others: its direction stays inside, control characters are shown.
  const visible = (text) =>
    String(text).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, (c) => String.fromCharCode(0x2400 + c.charCodeAt(0)));
  const foreign = (text) => el("bdi", { dir: "auto" }, visible(text));
  function long(text) {
    if (text.length <= LONG) return foreign(text);
    const shown = foreign(text.slice(0, LONG) + "\u2026");
    const more = el("button", {
      type: "button",
      onclick: () => {
        shown.textContent = visible(text);
        more.remove();
      },
    }, `Show all ${count(text.length)} characters`);
    return [shown, " ", more];
  }
  const count = (n) => n.toLocaleString("en-US");
  function choice(label, options, value, change) {
    const select = el("select", { onchange: () => change(select.value) },
      options.map(([key, text]) => el("option", { value: key }, visible(text))));
    select.value = value;
    return el("label", {}, el("span", {}, label), select);
  }
  function field(label, type, value, change, extra) {
    const input = el("input", { type, value, ...extra, oninput: () => change(input.value) });
    return el("label", {}, el("span", {}, label), input);
  }
  function say(text) {
    document.getElementById("status").textContent = text;
  }
  const several = (n, one, many) => `${count(n)} ${n === 1 ? one : many}`;

  // ---- numbers -----------------------------------------------------------------------------------------------------
  function figure(measure, value) {
    if (value === null || value === undefined) return DASH;
    if (measure.quantity === "share") return (value * 100).toFixed(1);
    if (measure.quantity === "seconds") {
      return (measure.unit === "ms" ? value * 1000 : value).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    }
    if (measure.quantity === "dollars") return (value * 1000).toLocaleString("en-US", { maximumSignificantDigits: 3 });
    if (measure.quantity === "ratio") return value.toFixed(2);
    return count(Math.round(value));
  }
  const withUnit = (measure, value) =>
    value === null || value === undefined ? DASH : figure(measure, value) + (measure.unit ? " " + measure.unit : "");
  const ms = (seconds) => (seconds === null ? DASH : (seconds * 1000).toFixed(2) + " ms");

  // ---- addresses ---------------------------------------------------------------------------------------------------
  let data;
  let questions;
  const plain = /^[\w+.~:-]{1,120}$/;
  const keyOf = (list, index) => (plain.test(list[index].id) ? list[index].id : "@" + index);
  function indexOf(list, key) {
    if (/^@\d+$/.test(key)) return Number(key.slice(1)) < list.length ? Number(key.slice(1)) : -1;
    return list.findIndex((each) => each.id === key);
  }
  const runKey = (run) => keyOf(data.runs, run);
  function address(path, options) {
    const query = new URLSearchParams(Object.entries(options || {}).filter(([, value]) => value !== "" && value !== undefined));
    return "#/" + path.join("/") + (query.size ? "?" + query : "");
  }
  const runAddress = (run, options) => address(["run", runKey(run)], options);
  const questionAddress = (question, ...runs) => address(["question", keyOf(questions, question), ...runs.map(runKey)]);
  function runLabel(run) {
    const told = [...(sameBudget() ? [] : [count(run.budget) + " tokens"]), ...run.axes.filter(Boolean)];
    return run.name + (told.length ? " \u00b7 " + told.join(" \u00b7 ") : "");
  }
  const sameBudget = () => new Set(data.runs.filter((run) => !run.reference).map((run) => run.budget)).size <= 1;

  // ---- tables that sort --------------------------------------------------------------------------------------------
  // columns: {label, title, value(row), cell(row), number, first}; state: {column, down}, kept by the caller.
  function table(caption, columns, rows, state, page) {
    const body = el("tbody");
    const heads = columns.map((column, index) => {
      const button = el("button", {
        type: "button", title: column.title,
        onclick: () => {
          state.down = state.column === index ? !state.down : column.number;
          state.column = index;
          fill();
          say(`${rows.length} rows, sorted by ${column.label}, ${state.down ? "descending" : "ascending"}`);
        },
      }, column.label, el("span", { class: "arrow", "aria-hidden": "true" }));
      return el("th", { scope: "col", class: column.number ? "number" : null }, button);
    });
    const more = el("button", { type: "button", onclick: () => { limit += page; fill(); } });
    let limit = page || Infinity;
    function fill() {
      const column = columns[state.column];
      const sorted = column ? [...rows].sort((a, b) => order(column.value(a), column.value(b), state.down)) : rows;
      heads.forEach((head, index) => {
        const sort = index !== state.column ? "none" : state.down ? "descending" : "ascending";
        head.setAttribute("aria-sort", sort);
        head.querySelector(".arrow").textContent = { none: "", ascending: " \u25b2", descending: " \u25bc" }[sort];
      });
      body.replaceChildren(...sorted.slice(0, limit).map((row) =>
        el("tr", { class: row.reference ? "fixed" : null }, columns.map((each) =>
          el(each.first ? "th" : "td", { scope: each.first ? "row" : null, class: each.number ? "number" : each.wide ? "wide" : null }, each.cell(row))))));
      more.textContent = `Show ${count(Math.min(page, rows.length - limit))} more of ${count(rows.length)}`;
      more.hidden = rows.length <= limit;
    }
    fill();
    return [
      el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
        el("table", {}, el("caption", {}, caption), el("thead", {}, el("tr", {}, heads)), body)),
      page ? more : null,
    ];
  }
  function order(a, b, down) {
    const none = (value) => value === null || value === undefined || value === "";
    if (none(a) || none(b)) return none(a) - none(b);
    const found = typeof a === "number" ? a - b : String(a).localeCompare(String(b), "en");
    return down ? -found : found;
  }

  // ---- first page --------------------------------------------------------------------------------------------------
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
        data.made[1] ? `, made ${data.made[0] === data.made[1] ? data.made[1] : data.made[0] + " to " + data.made[1]}` : "",
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
        el("p", { class: "note" }, "Press a heading to sort. A run or a score leads to the questions behind it. Brackets hold the 95 % interval, ",
          "with dialogues resampled; \u201cby luck\u201d is what as much text chosen blindly would reach."),
        runs),
      el("section", { "aria-labelledby": "categories" },
        el("h2", { id: "categories" }, "By category"),
        el("div", { class: "controls" }, choice("Measure", measures, view.by, (value) => { view.by = value; categories.replaceChildren(...categoryTable(chosen()).filter(Boolean)); })),
        categories),
      el("section", { "aria-labelledby": "legend" },
        el("h2", { id: "legend" }, "What the columns mean"),
        el("dl", {}, data.measures.filter((measure) => measure.shown).map((measure) => [
          el("dt", {}, measure.label + (measure.unit ? ` (${measure.unit})` : "")),
          el("dd", {}, el("code", {}, measure.name), " ", measure.summary)]))),
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
      cell.chance !== undefined ? `by luck ${withUnit(main, cell.chance)}` : null,
      score(best, data.tokens) !== null ? `${count(Math.round(score(best, data.tokens)))} tokens of context on average` : null,
      score(best, data.latency) !== null ? `${figure(data.measures[data.latency], score(best, data.latency))} ms to read at p95` : null,
    ].filter(Boolean).join(", ");
    const close = cell.low === undefined ? [] : able.slice(1).filter((run) => score(run, 0) >= cell.low && score(run, 0) <= cell.high);
    const cheapest = [...close].sort((a, b) => (score(a, data.tokens) || 0) - (score(b, data.tokens) || 0))[0];
    const link = (run) => el("a", { href: runAddress(indexOfRun(run)) }, visible(runLabel(run)));
    return [
      el("p", { class: "advice" }, `${bound}: `, el("strong", {}, link(best))),
      el("p", {}, facts[0].toUpperCase() + facts.slice(1), "."),
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
          if (!found) return DASH;
          const range = found.low === undefined ? null : el("span", { class: "range" }, ` [${figure(measure, found.low)}, ${figure(measure, found.high)}]`);
          return [measure.questions ? link(run, place, figure(measure, found.v)) : figure(measure, found.v), range];
        },
      });
      if (place === 0 && data.runs.some((run) => run.scores[0] && run.scores[0].chance !== undefined)) {
        const luck = (run) => (run.scores[0] && run.scores[0].chance !== undefined ? run.scores[0].chance : null);
        columns.push({ label: `by luck, ${measure.unit}`, number: true, value: luck, cell: (run) => figure(measure, luck(run)) });
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

  // ---- the plot ----------------------------------------------------------------------------------------------------
  const SHAPES = [
    "M-5,0A5,5 0 1,0 5,0A5,5 0 1,0 -5,0Z", "M-4.5,-4.5H4.5V4.5H-4.5Z", "M0,-6L5.5,4.5H-5.5Z", "M0,-6.5L6,0L0,6.5L-6,0Z",
    "M0,6L5.5,-4.5H-5.5Z", "M-2,-6H2V-2H6V2H2V6H-2V2H-6V-2H-2Z", "M-3,-5.5H3L6,0L3,5.5H-3L-6,0Z", "M0,-6.5L2,-2L6.5,-2L3,1.5L4.5,6L0,3.3L-4.5,6L-3,1.5L-6.5,-2L-2,-2Z",
  ];
  function drawPlot(box, rows) {
    const measure = data.measures[0];
    const place = data[view.x];
    const across = place === undefined || place === null ? null : data.measures[place];
    const points = across === null ? [] : rows.filter((run) => score(run, 0) !== null && score(run, place) > 0)
      .map((run) => ({ run, x: score(run, place), y: score(run, 0) })).sort((a, b) => a.x - b.x || b.y - a.y);
    if (!points.length) {
      box.replaceChildren(el("p", {}, "None of the runs shown has both numbers."));
      return;
    }
    const width = Math.max(300, box.clientWidth || 900);
    const height = width < 600 ? 340 : 440;
    const [left, right, top, bottom] = [52, 16, 14, 46];
    const log = (x) => Math.log10(x);
    let [from, to] = [log(points[0].x), log(points[points.length - 1].x)];
    const room = Math.max(0.08, (to - from) * 0.05);
    [from, to] = [from - room, to + room];
    const high = Math.max(...points.map((point) => point.y), measure.quantity === "share" ? 1 : 0) || 1;
    const px = (x) => left + ((log(x) - from) / (to - from)) * (width - left - right);
    const py = (y) => height - bottom - (y / high) * (height - top - bottom);
    const strategies = [...new Set(data.runs.map((run) => run.strategy))].sort();
    const kind = (run) => strategies.indexOf(run.strategy);
    const sign = measure.better === "lower" ? -1 : 1;
    let reached = -Infinity;
    const frontier = points.filter((point) => {
      if (point.run.reference || sign * point.y <= reached) return false;
      reached = sign * point.y;
      return true;
    });
    const svg = draw("svg", { width, height, role: "group", "aria-label": `${measure.label} against ${across.label}, ${points.length} runs; arrow keys move between them, Enter opens one` });
    for (let step = 0; step <= 5; step++) {
      const y = (high * step) / 5;
      svg.append(draw("line", { class: "grid", x1: left, x2: width - right, y1: py(y), y2: py(y) }),
        draw("text", { class: "tick", x: left - 8, y: py(y) + 4, "text-anchor": "end" }, measure.quantity === "share" ? String(Math.round(y * 100)) : figure(measure, y)));
    }
    const scale = across.unit === "ms" || across.quantity === "dollars" ? 1000 : 1;
    const ticks = [];
    for (let power = Math.floor(from + log(scale)); power <= to + log(scale); power++) {
      for (const digit of [1, 2, 5]) {
        const x = (digit * 10 ** power) / scale;
        if (log(x) >= from && log(x) <= to && (digit === 1 || to - from < (width < 600 ? 1.2 : 3))) ticks.push(x);
      }
    }
    for (const x of ticks) {
      svg.append(draw("line", { class: "grid", x1: px(x), x2: px(x), y1: top, y2: height - bottom }),
        draw("text", { class: "tick", x: px(x), y: height - bottom + 17, "text-anchor": "middle" }, (x * scale).toLocaleString("en-US", { maximumSignificantDigits: 3 })));
    }
    svg.append(
      draw("text", { class: "axis", x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" }, `${across.label}${across.unit ? ", " + across.unit : ""} (log scale)`),
      draw("text", { class: "axis", transform: `translate(13 ${(top + height - bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, `${measure.label}${measure.unit ? ", " + measure.unit : ""}`));
    if (frontier.length) {
      svg.append(draw("path", { class: "frontier", d: frontier.map((point, index) => (index ? `H${px(point.x)}V${py(point.y)}` : `M${px(point.x)},${py(point.y)}`)).join("") + `H${width - right}` }));
    }
    const whisker = draw("path", { class: "whisker" });
    svg.append(whisker);
    const note = el("p", { class: "tip", "aria-hidden": "true" });
    const marks = points.map((point, index) => {
      const cell = point.run.scores[0];
      const best = frontier.includes(point);
      const range = cell.low === undefined ? "" : ` [${figure(measure, cell.low)}, ${figure(measure, cell.high)}]`;
      const words = `${runLabel(point.run)}: ${measure.label} ${withUnit(measure, point.y)}${range}, ${across.label} ${withUnit(across, point.x)}${best ? ", on the frontier" : ""}`;
      const show = () => {
        note.textContent = visible(words);
        whisker.setAttribute("d", cell.low === undefined ? "" : `M${px(point.x)},${py(cell.low)}V${py(cell.high)}m-4,0h8M${px(point.x) - 4},${py(cell.low)}h8`);
      };
      const mark = draw("a", {
        href: runAddress(indexOfRun(point.run)), class: `point s${kind(point.run) % 8}${point.run.reference ? " fixed" : ""}${best ? " best" : ""}`,
        transform: `translate(${px(point.x).toFixed(1)} ${py(point.y).toFixed(1)})`, tabindex: index ? "-1" : "0", "aria-label": visible(words),
        onpointerenter: show, onfocus: show,
        onkeydown: (event) => {
          const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, Home: -points.length, End: points.length }[event.key];
          if (!step) return;
          event.preventDefault();
          const next = marks[Math.min(points.length - 1, Math.max(0, index + step))];
          marks.forEach((each) => each.setAttribute("tabindex", "-1"));
          next.setAttribute("tabindex", "0");
          next.focus();
        },
      }, draw("path", { class: "target", d: "M-11,0A11,11 0 1,0 11,0A11,11 0 1,0 -11,0Z" }), draw("path", { class: "shape", d: SHAPES[kind(point.run) % 8] }));
      return mark;
    });
    add(svg, marks);
    // Names of the frontier where there is room: none over another, none over the edge.
    const taken = points.map((point) => [px(point.x) - 6, py(point.y) - 6, px(point.x) + 6, py(point.y) + 6]);
    frontier.forEach((point, index) => {
      const next = frontier[index + 1];
      taken.push([px(point.x), py(point.y) - 1, next ? px(next.x) : width - right, py(point.y) + 1]);
      if (next) taken.push([px(next.x) - 1, py(next.y), px(next.x) + 1, py(point.y)]);
    });
    for (const point of width < 600 ? [] : [...frontier].reverse()) {
      const text = visible(runLabel(point.run));
      const long = text.length * 6.6;
      const spots = [[-8 - long, -6], [-8 - long, 16], [10, 16], [10, -8], [-long / 2, -12], [-long / 2, 22]];
      for (const [dx, dy] of spots) {
        const [x, y] = [px(point.x) + dx, py(point.y) + dy];
        const area = [x, y - 11, x + long, y + 3];
        if (x < left + 2 || x + long > width - 4 || y < top + 8 || y > height - bottom - 3) continue;
        if (taken.some(([a, b, c, d]) => area[0] < c && area[2] > a && area[1] < d && area[3] > b)) continue;
        svg.append(draw("text", { class: "name", x, y, "aria-hidden": "true" }, text));
        taken.push(area);
        break;
      }
    }
    note.textContent = "Point at a mark, or move with the arrow keys, to read it; the line joins what nothing cheaper beats.";
    const legend = el("ul", { class: "shapes", "aria-label": "Marks" }, strategies.filter((name) => points.some((point) => point.run.strategy === name)).map((name) =>
      el("li", {}, draw("svg", { width: 16, height: 16, viewBox: "-8 -8 16 16", "aria-hidden": "true" }, draw("g", { class: `point s${strategies.indexOf(name) % 8}` }, draw("path", { class: "shape", d: SHAPES[strategies.indexOf(name) % 8] }))), " ", name === "none" ? "no window" : visible(name))));
    box.replaceChildren(svg, note, legend);
  }

  // ---- a run: its questions ----------------------------------------------------------------------------------------
  const STATES = [["", "all questions"], ["missing", "evidence missing"], ["all", "all evidence found"], ["some", "some found, some missing"], ["none", "no evidence found"], ["failed", "failed"], ["unmarked", "without evidence turns"]];
  function stateOf([found, gold]) {
    if (found < 0) return "failed";
    if (!gold) return "unmarked";
    return found === gold ? "all" : found ? "some" : "none";
  }
  const stateWords = { failed: "\u2717 failed", unmarked: "no evidence turns", all: "\u2713 all found", some: "\u25d0 some missing", none: "\u2717 none found" };
  async function runPage(run, options) {
    const detail = await load("run-" + run);
    const info = data.runs[run];
    const asked = data.measures[Number(options.get("measure"))];
    const measured = data.measures.map((measure, place) => [String(place), measure]).filter(([place, measure]) => detail.values[place] && measure.shown);
    const filter = {
      measure: asked && detail.values[options.get("measure")] ? options.get("measure") : "0",
      category: /^@\d+$/.test(options.get("category") || "") ? options.get("category").slice(1) : "",
      state: STATES.some(([key]) => key === options.get("state")) ? options.get("state") : "",
      text: "",
    };
    const list = el("div");
    const shown = el("p", { class: "note", role: "status" });
    const fill = (renew) => {
      const measure = data.measures[Number(filter.measure)];
      const values = detail.values[filter.measure] || [];
      const tokens = data.tokens === null ? null : detail.values[String(data.tokens)];
      const words = filter.text.toLowerCase();
      const rows = questions.map((question, index) => ({ question, index, found: detail.found[index], state: stateOf(detail.found[index]), value: values[index] }))
        .filter((row) => (!filter.category || row.question.category === data.categories[Number(filter.category)]) &&
          (!filter.state || row.state === filter.state || (filter.state === "missing" && (row.state === "some" || row.state === "none"))) &&
          (!words || row.question.text.toLowerCase().includes(words) || row.question.id.toLowerCase().includes(words)));
      const present = rows.filter((row) => row.value !== null && row.value !== undefined);
      const mean = present.length ? present.reduce((sum, row) => sum + row.value, 0) / present.length : null;
      shown.textContent = `${several(rows.length, "question", "questions")} shown` + (mean === null ? "." : `, mean ${measure.label.replace(/ p\d+$/, "")} ${withUnit(measure, mean)} over ${count(present.length)} of them.`);
      const columns = [
        { label: "question", first: true, value: (row) => row.index, cell: (row) => el("a", { href: questionAddress(row.index, run) }, foreign(row.question.id || "(no id)")) },
        { label: "category", value: (row) => row.question.category, cell: (row) => foreign(row.question.category) },
        { label: "text", wide: true, value: (row) => row.question.text, cell: (row) => foreign(row.question.text.length > 200 ? row.question.text.slice(0, 200) + "\u2026" : row.question.text) },
        { label: "evidence", value: (row) => (row.state === "unmarked" ? null : row.found[0] / row.found[1]), number: true,
          cell: (row) => stateWords[row.state] + (row.found[0] >= 0 && row.found[1] ? ` (${row.found[0]} of ${row.found[1]})` : "") },
        { label: measure.label + (measure.unit ? ", " + measure.unit : ""), number: true, value: (row) => row.value, cell: (row) => figure(measure, row.value) },
        ...(tokens && Number(filter.measure) !== data.tokens ? [{ label: "context tokens", number: true, value: (row) => tokens[row.index], cell: (row) => figure(data.measures[data.tokens], tokens[row.index]) }] : []),
      ];
      if (renew) sort = { column: 4, down: measure.better === "lower" };
      list.replaceChildren(...table("Questions of this run", columns, rows, sort, PAGE).filter(Boolean));
    };
    let sort;
    const change = (key) => (value) => {
      filter[key] = value;
      fill(key === "measure");
      history.replaceState(null, "", runAddress(run, { measure: filter.measure, category: filter.category === "" ? "" : "@" + filter.category, state: filter.state }));
    };
    fill(true);
    return {
      title: runLabel(info), path: [[visible(runLabel(info)), null]],
      page: [
        el("h1", {}, visible(runLabel(info))),
        el("p", {}, "Run ", el("code", {}, visible(info.id)), `, budget ${count(info.budget)} tokens, code ${visible(info.code)}`, info.failed ? `, ${several(info.failed, "question", "questions")} failed` : "", "."),
        el("dl", { class: "facts" }, data.measures.map((measure, place) => (info.scores[place] ? el("div", {}, el("dt", {}, measure.label), el("dd", {}, withUnit(measure, info.scores[place].v))) : null))),
        el("h2", {}, "Questions"),
        el("div", { class: "controls" },
          choice("Evidence", STATES, filter.state, change("state")),
          choice("Category", [["", "all"], ...data.categories.map((name, index) => [String(index), `${name} (${count(data.counts[index])})`])], filter.category, change("category")),
          choice("Measure", measured.map(([place, measure]) => [place, measure.label]), filter.measure, change("measure")),
          field("Text or id contains", "search", "", change("text"))),
        shown, list,
      ],
    };
  }

  // ---- a question --------------------------------------------------------------------------------------------------
  let firsts;
  let turnPlaces;
  async function contextOf(question, run) {
    const asked = questions[question];
    const detail = await load("run-" + run);
    const document = data.runs[run].document;
    const [outcomes, turns] = await Promise.all([
      load(`run-${run}-${detail.parts[asked.dialogue]}`), load(`turns-${document}-${turnPlaces[document][asked.dialogue]}`)]);
    const part = outcomes[String(asked.dialogue)];
    return { run, outcome: part.outcomes[question - firsts[asked.dialogue]], texts: part.texts, dialogue: turns[String(asked.dialogue)], detail };
  }
  const idOf = (dialogue, source) => (typeof source === "number" ? dialogue.ids[source] : source);
  const textOf = (dialogue, source) => (typeof source === "number" ? dialogue.texts[source] : "");
  function segments(packed) {
    const found = [];
    for (const each of packed) {
      if (typeof each === "number") found.push([each]);
      else if (Array.isArray(each)) found.push(each);
      else for (let turn = each.r[0]; turn <= each.r[1]; turn++) found.push([turn]);
    }
    return found;
  }
  function facts(asked, { outcome }) {
    const verbatim = new Set();
    const claimed = new Set();
    const texts = new Set();
    if (outcome && outcome.context) {
      for (const part of outcome.context) {
        for (const sources of segments(part.sources)) {
          for (const source of sources) (part.texts ? claimed : verbatim).add(source);
          if (!part.texts) texts.add(sources.join("\n"));
        }
      }
    }
    const ranks = new Map();
    if (outcome && outcome.ranking) {
      segments(outcome.ranking[0]).forEach((sources, index) => sources.forEach((source) => ranks.has(source) || ranks.set(source, index + 1)));
    }
    return { verbatim, claimed, ranks, texts };
  }
  const mark = (kind, text) => el("strong", { class: "mark " + kind }, text);
  function fate(source, known) {
    if (known.verbatim.has(source)) return mark("found", "\u2713 found");
    if (known.claimed.has(source)) return mark("derived", "~ derived text only");
    return mark("missing", "\u2717 missing");
  }
  function evidenceList(asked, shown, known) {
    if (asked.evidence === null) return el("p", {}, "No evidence turns are annotated.");
    if (!asked.evidence.length) return el("p", {}, "Annotated as having no evidence turn.");
    const { outcome, dialogue } = shown;
    return el("ul", { class: "turns" }, asked.evidence.map((source) => el("li", { class: known.verbatim.has(source) ? "gold" : "lost" },
      fate(source, known), " ", el("code", {}, foreign(idOf(dialogue, source))), " ",
      el("span", { class: "note" }, [typeof source === "number" ? `${several(outcome ? outcome.written - source : 0, "turn", "turns")} before` : "not in the dialogue",
        known.ranks.has(source) ? `rank ${known.ranks.get(source)}` : null].filter(Boolean).join(", ")),
      el("div", {}, long(textOf(dialogue, source))))));
  }
  function marksOf(sources, asked) {
    const gold = asked.evidence || [];
    const stale = asked.stale || [];
    return [
      sources.some((source) => gold.includes(source)) ? mark("found", "\u2713 evidence") : null,
      sources.some((source) => stale.includes(source)) ? mark("stale", "\u26a0 outdated") : null,
    ];
  }
  function contextList(asked, shown, other) {
    const { outcome, dialogue, texts } = shown;
    if (!outcome) return [el("p", {}, "The run has no outcome for this question.")];
    if (outcome.error) return [el("p", {}, mark("missing", "\u2717 failed"), " ", long(outcome.error))];
    if (!outcome.context || !outcome.context.length) return [el("p", {}, "The context is empty.")];
    return outcome.context.map((part) => {
      const pieces = segments(part.sources);
      const tokens = outcome.tokens[part.kind];
      return el("section", {}, el("h4", {}, `Section ${part.kind}: ${several(pieces.length, "piece", "pieces")}${part.texts ? ", derived text" : ""}${tokens === undefined ? "" : `, ${count(tokens)} tokens`}`),
        el("ol", { class: "turns" }, pieces.map((sources, index) => {
          const alone = other && !part.texts && !other.texts.has(sources.join("\n")) ? mark("alone", "+ only here") : null;
          const text = part.texts ? texts[part.texts[index]] : sources.map((source) => textOf(dialogue, source)).join("\n");
          const marks = part.texts ? [] : marksOf(sources, asked);
          return el("li", { class: [marks[0] ? "gold" : marks[1] ? "old" : "", other && !alone && !part.texts ? "same" : ""].join(" ") }, marks, alone ? [" ", alone] : null, " ",
            sources.length > 12 ? el("span", { class: "note" }, `made from ${count(sources.length)} turns`) : sources.map((source) => [el("code", {}, foreign(idOf(dialogue, source))), " "]),
            el("div", { class: "text" }, long(text || "")));
        })));
    });
  }
  function rankingTable(asked, shown, known) {
    const { outcome, dialogue } = shown;
    if (!outcome || !outcome.ranking) return [el("p", {}, "This strategy ranks nothing.")];
    const [packed, scores] = outcome.ranking;
    const rows = segments(packed).map((sources, index) => ({ rank: index + 1, sources, score: scores[index] }));
    if (!rows.length) return [el("p", {}, "Nothing was retrieved.")];
    return table("Ranking, best first", [
      { label: "rank", number: true, value: (row) => row.rank, cell: (row) => row.rank },
      { label: "score", number: true, value: (row) => row.score, cell: (row) => (row.score === null ? DASH : String(row.score)) },
      { label: "turns", value: (row) => row.sources.map((source) => idOf(dialogue, source)).join(" "), cell: (row) => row.sources.map((source) => [foreign(idOf(dialogue, source)), " "]) },
      { label: "marks", value: (row) => Number(marksOf(row.sources, asked).some(Boolean)), cell: (row) => marksOf(row.sources, asked) },
      { label: "in context", value: (row) => Number(row.sources.every((source) => known.verbatim.has(source))), cell: (row) => (row.sources.every((source) => known.verbatim.has(source)) ? "yes" : "no") },
      { label: "text", wide: true, value: (row) => textOf(dialogue, row.sources[0]), cell: (row) => foreign((row.sources.length ? textOf(dialogue, row.sources[0]) : "").slice(0, 160)) },
    ], rows, { column: 0, down: false }, 20);
  }
  function costs(shown) {
    const { outcome } = shown;
    if (!outcome) return [];
    const usage = Object.entries(outcome.usage);
    const context = Object.entries(outcome.tokens).filter(([kind]) => kind !== "query" && kind !== "frame").reduce((sum, [, n]) => sum + n, 0);
    const wide = (name, table) => el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": name }, table);
    return [
      el("table", {}, el("caption", {}, `Tokens by section; context ${count(context)}`), el("tbody", {}, Object.entries(outcome.tokens).map(([kind, n]) => el("tr", {}, el("th", { scope: "row" }, kind), el("td", { class: "number" }, count(n)))))),
      wide("Time and model calls", el("table", {}, el("caption", {}, "Time and model calls"),
        el("thead", {}, el("tr", {}, ["phase", "time", "in models", "calls", "tokens in", "out", "$"].map((name) => el("th", { scope: "col" }, name)))),
        el("tbody", {}, usage.map(([phase, used]) => el("tr", {}, el("th", { scope: "row" }, phase),
          [ms(used.seconds), ms(used.model_seconds), count(used.calls), count(used.tokens_in), count(used.tokens_out), used.dollars === null ? DASH : String(used.dollars)].map((text) => el("td", { class: "number" }, text))))))),
    ];
  }
  function answers(shown) {
    const { outcome } = shown;
    if (!outcome || (outcome.answer === undefined && !outcome.verdict)) return null;
    return [el("h3", {}, "Answer"), outcome.answer === undefined ? null : el("p", {}, long(outcome.answer)),
      outcome.verdict ? el("dl", {}, Object.entries(outcome.verdict).map(([key, value]) => [el("dt", {}, foreign(key)), el("dd", {}, long(value))])) : null];
  }
  async function questionPage(question, runs) {
    const asked = questions[question];
    const shown = await Promise.all(runs.map((run) => contextOf(question, run)));
    const known = shown.map((each) => facts(asked, each));
    const [run, second] = runs;
    const others = data.runs.map((each, index) => [String(index), runLabel(each)]);
    const go = (...chosen) => { location.hash = questionAddress(question, ...chosen); };
    const near = (step, word) => (questions[question + step] ? el("a", { href: questionAddress(question + step, ...runs) }, word) : el("span", { class: "note" }, word));
    const head = [
      el("h1", {}, "Question ", foreign(asked.id)),
      el("p", { class: "question" }, long(asked.text)),
      el("dl", { class: "facts" },
        el("div", {}, el("dt", {}, "Category"), el("dd", {}, foreign(asked.category))),
        el("div", {}, el("dt", {}, "Accepted answers"), el("dd", {}, asked.answers.length ? asked.answers.map((answer, index) => [index ? " | " : "", long(answer)]) : "none: abstain")),
        el("div", {}, el("dt", {}, "Dialogue"), el("dd", {}, foreign(shown[0].dialogue.id), `, ${several(shown[0].outcome ? shown[0].outcome.written : 0, "turn", "turns")} written`)),
        asked.time ? el("div", {}, el("dt", {}, "Asked on"), el("dd", {}, asked.time)) : null),
      el("div", { class: "controls" },
        choice("Run", others, String(run), (value) => go(Number(value), ...runs.slice(1))),
        choice("Side by side with", [["", "no other run"], ...others], second === undefined ? "" : String(second), (value) => go(run, ...(value === "" ? [] : [Number(value)])))),
      el("p", {}, near(-1, "\u2190 previous question"), " \u00b7 ", near(1, "next question \u2192")),
    ];
    const column = (index) => {
      const each = shown[index];
      const info = data.runs[each.run];
      const found = each.detail.found[question];
      return el("section", { class: "column", "aria-label": visible(runLabel(info)) },
        el("h2", {}, el("a", { href: runAddress(each.run) }, visible(runLabel(info)))),
        el("p", {}, stateWords[stateOf(found)], found[1] && found[0] >= 0 ? `: ${found[0]} of ${several(found[1], "evidence turn", "evidence turns")} in the context` : ""),
        el("h3", {}, "Evidence"), evidenceList(asked, each, known[index]),
        answers(each),
        el("h3", {}, "Context"), contextList(asked, each, second === undefined ? null : known[1 - index]),
        el("h3", {}, "Ranking"), rankingTable(asked, each, known[index]),
        el("h3", {}, "Tokens and seconds"), costs(each));
    };
    const body = el("div", { class: second === undefined ? "one" : "two" }, runs.map((_, index) => column(index)));
    let difference = null;
    if (second !== undefined) {
      const only = (index) => [...known[index].texts].filter((text) => !known[1 - index].texts.has(text)).length;
      const hide = el("input", { type: "checkbox", onchange: () => body.classList.toggle("differences", hide.checked) });
      difference = el("section", { "aria-labelledby": "difference" }, el("h2", { id: "difference" }, "Difference"),
        el("p", {}, `Word for word in the first alone: ${several(only(0), "piece", "pieces")}; in the second alone: ${several(only(1), "piece", "pieces")}.`),
        asked.evidence && asked.evidence.length ? el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Evidence in both" }, el("table", {}, el("caption", {}, "Evidence in both"),
          el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "turn"), runs.map((each) => el("th", { scope: "col" }, visible(runLabel(data.runs[each])))))),
          el("tbody", {}, asked.evidence.map((source) => el("tr", {}, el("th", { scope: "row" }, foreign(idOf(shown[0].dialogue, source))), known.map((each) => el("td", {}, fate(source, each)))))))) : null,
        el("label", { class: "check" }, hide, el("span", {}, "Hide pieces that both have")));
    }
    const label = visible(runLabel(data.runs[run]));
    return { title: `Question ${asked.id}`, path: [[label, runAddress(run)], [visible(asked.id), null]], page: [head, difference, body] };
  }

  // ---- which page --------------------------------------------------------------------------------------------------
  async function pageOf(hash) {
    const [path, query] = hash.replace(/^#\/?/, "").split("?", 2);
    const [kind, ...keys] = path.split("/").map((key) => { try { return decodeURIComponent(key); } catch { return key; } });
    if (!kind) return overview();
    if (!questions) {
      const loaded = await load("questions");
      questions = loaded.questions;
      turnPlaces = loaded.turns;
      firsts = [];
      questions.forEach((question, index) => { if (firsts[question.dialogue] === undefined) firsts[question.dialogue] = index; });
    }
    const runs = (kind === "run" ? keys.slice(0, 1) : keys.slice(1, 3)).map((key) => indexOf(data.runs, key));
    if (kind === "run" && runs[0] >= 0) return runPage(runs[0], new URLSearchParams(query));
    const question = indexOf(questions, keys[0] || "");
    if (kind === "question" && question >= 0 && runs.length && runs.every((run) => run >= 0)) return questionPage(question, runs);
    return { title: "Not in this report", path: [], page: [el("h1", {}, "Not in this report"), el("p", {}, "The address names a run or a question that this report does not have. ", el("a", { href: "#/" }, "All runs"))] };
  }
  let turn = 0;
  const places = new Map();
  let before = null;
  async function show() {
    const mine = ++turn;
    const main = document.getElementById("main");
    if (before !== null) places.set(before, window.scrollY);
    main.setAttribute("aria-busy", "true");
    let found;
    try {
      if (!data) data = await load("summary");
      found = await pageOf(location.hash);
    } catch (error) {
      found = { title: "Error", path: [], page: [el("h1", {}, "This page cannot be shown"), el("p", { role: "alert" }, visible(error.message)), el("p", {}, el("a", { href: "#/" }, "All runs"))] };
    }
    if (mine !== turn) return;
    document.title = visible(found.title) + " - memeval";
    const crumbs = [["All runs", "#/"], ...found.path];
    document.getElementById("path").replaceChildren(el("ol", {}, crumbs.map(([text, href], index) => el("li", {}, href && index < crumbs.length - 1 ? el("a", { href }, foreign(text)) : el("span", { "aria-current": "page" }, foreign(text))))));
    main.replaceChildren();
    add(main, found.page);
    main.removeAttribute("aria-busy");
    if (found.after) found.after();
    redraw = found.after && crumbs.length === 1 ? found.after : null;
    if (before !== null) {
      main.focus({ preventScroll: true });
      window.scrollTo(0, location.hash === "#/" || location.hash === "" ? places.get(location.hash) || 0 : 0);
      say(document.title);
    }
    before = location.hash;
    main.dataset.ready = location.hash || "#/";
  }
  let redraw = null;
  let width = 0;
  window.addEventListener("resize", () => {
    const box = document.querySelector(".plot");
    if (redraw && box && box.clientWidth !== width) {
      width = box.clientWidth;
      drawPlot(box, chosen());
    }
  });
  window.addEventListener("hashchange", show);
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    document.getElementById("main").focus();
  });
  show();
})();
