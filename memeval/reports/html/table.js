// Tables that sort.
// columns: {label, title, value(row), cell(row), number, first}; state: {column, down}, kept by the caller.
function table(caption, columns, rows, state, page, about) {
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
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": about ? `${caption}, ${about}` : caption },
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
