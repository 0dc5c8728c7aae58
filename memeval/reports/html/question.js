// A question: evidence, context, ranking and costs of a run, or of two side by side.
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
function rankingTable(asked, shown, known, about) {
  const { outcome, dialogue } = shown;
  if (!outcome || !outcome.ranking) return [el("p", {}, "This strategy ranks nothing.")];
  const [packed, scores] = outcome.ranking;
  const rows = segments(packed).map((sources, index) => ({ rank: index + 1, sources, score: scores[index] }));
  if (!rows.length) return [el("p", {}, "Nothing was retrieved.")];
  return table("Ranking, best first", [
    { label: "rank", number: true, value: (row) => row.rank, cell: (row) => row.rank },
    { label: "score", number: true, value: (row) => row.score, cell: (row) => (row.score === null ? DASH : String(row.score)) },
    { label: "turns", value: (row) => row.sources.map((source) => idOf(dialogue, source)).join(" "), cell: (row) => [row.sources.map((source) => [foreign(idOf(dialogue, source)), " "]), marksOf(row.sources, asked)] },
    { label: "in context", value: (row) => Number(row.sources.every((source) => known.verbatim.has(source))), cell: (row) => (row.sources.every((source) => known.verbatim.has(source)) ? "yes" : "no") },
    { label: "text", wide: true, value: (row) => textOf(dialogue, row.sources[0]), cell: (row) => foreign(brief(row.sources.length ? textOf(dialogue, row.sources[0]) : "", 160)) },
  ], rows, { column: 0, down: false }, 20, about);
}
function costs(shown, about) {
  const { outcome } = shown;
  if (!outcome) return [];
  const usage = Object.entries(outcome.usage);
  const context = Object.entries(outcome.tokens).filter(([kind]) => kind !== "query" && kind !== "frame").reduce((sum, [, n]) => sum + n, 0);
  const wide = (name, table) => el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${name}, ${about}` }, table);
  return [
    el("table", { class: "slim" }, el("caption", {}, `Tokens by section; context ${count(context)}`), el("tbody", {}, Object.entries(outcome.tokens).map(([kind, n]) => el("tr", {}, el("th", { scope: "row" }, kind), el("td", { class: "number" }, count(n)))))),
    wide("Time and model calls", el("table", {}, el("caption", {}, "Time and model calls"),
      el("thead", {}, el("tr", {}, ["phase", "time", "in models", "calls", "tokens in", "out", "$"].map((name, index) => el("th", { scope: "col", class: index ? "number" : null }, name)))),
      el("tbody", {}, usage.map(([phase, used]) => el("tr", {}, el("th", { scope: "row" }, phase),
        [ms(used.seconds), ms(used.model_seconds), count(used.calls), count(used.tokens_in), count(used.tokens_out), used.dollars === null ? DASH : used.dollars.toLocaleString("en-US", { maximumSignificantDigits: 3 })].map((text) => el("td", { class: "number" }, text))))))),
  ];
}
function answers(shown) {
  const { outcome } = shown;
  if (!outcome || (outcome.answer === undefined && !outcome.verdict)) return null;
  const verdict = outcome.verdict || {};
  const judged = { yes: ["found", "\u2713 judged correct"], no: ["missing", "\u2717 judged wrong"] };
  const known = Object.hasOwn(judged, verdict.correct);
  return [el("h3", {}, "Answer"), known ? mark(...judged[verdict.correct]) : null, outcome.answer === undefined ? null : el("p", {}, long(outcome.answer)),
    el("dl", {}, Object.entries(verdict).filter(([key]) => !known || key !== "correct").map(([key, value]) => [el("dt", {}, foreign(key)), el("dd", {}, long(value))]))];
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
    // Numbered, since a run may stand beside itself.
    const about = (second === undefined ? "" : `${index + 1}: `) + visible(runLabel(info));
    return el("section", { class: "column", "aria-label": about },
      el("h2", {}, el("a", { href: runAddress(each.run) }, visible(runLabel(info)))),
      el("p", {}, stateWords[stateOf(found)], found[1] && found[0] >= 0 ? `: ${found[0]} of ${several(found[1], "evidence turn", "evidence turns")} in the context` : ""),
      el("h3", {}, "Evidence"), evidenceList(asked, each, known[index]),
      answers(each),
      el("h3", {}, "Context"), contextList(asked, each, second === undefined ? null : known[1 - index]),
      el("h3", {}, "Ranking"), rankingTable(asked, each, known[index], about),
      el("h3", {}, "Tokens and seconds"), costs(each, about));
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
