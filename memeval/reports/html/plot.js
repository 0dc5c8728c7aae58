// The trade-off plot.
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
