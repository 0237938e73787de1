"use strict";

const table = document.querySelector(".leaderboard table");
const body = table.tBodies[0];
const headers = [...table.tHead.rows[0].cells];
const filters = document.querySelector(".filters");
const boxes = [...filters.querySelectorAll("fieldset input")];
const fields = ["model", "train_seconds", "parameters"];
const ranking = [...body.rows];
const opposite = { ascending: "descending", descending: "ascending" };

// Sorting. Lines that are alike stand as they are ranked, those without a value last.

function valueOf(row, column) {
  const text = row.cells[column].dataset.value;
  return text === "" || Number.isNaN(Number(text)) ? text : Number(text);
}

function sortBy(header, direction) {
  const column = headers.indexOf(header);
  headers.forEach((cell) => cell.removeAttribute("aria-sort"));
  header.setAttribute("aria-sort", direction);
  const sign = direction === "ascending" ? 1 : -1;
  const isMissing = (value) => value === "" || value === "nan";
  body.append(...[...ranking].sort((one, other) => {
    const a = valueOf(one, column);
    const b = valueOf(other, column);
    if (isMissing(a) || isMissing(b)) return isMissing(a) - isMissing(b);
    return sign * (typeof a === "number" && typeof b === "number"
      ? a - b : String(a).localeCompare(String(b)));
  }));
}

// Filters.

function limitOf(name) {  // 2M is two million, as on the command line
  const text = filters.elements[name].value.trim().replaceAll(",", "");
  const [, number, unit] = text.match(/^(\d*\.?\d+(?:e\d+)?) *([kmg]?)$/i) ?? [];
  const isRead = text === "" || number !== undefined;
  filters.elements[name].setAttribute("aria-invalid", !isRead);
  if (!isRead) return null;
  if (text === "") return Infinity;
  return Number(number) * ({ k: 1e3, m: 1e6, g: 1e9 }[unit.toLowerCase()] ?? 1);
}

function filter() {
  const wanted = filters.elements.model.value.trim().toLowerCase();
  const families = boxes.filter((box) => box.checked).map((box) => box.value);
  const value = (row, name) => row.querySelector(`.${name}`).dataset.value;
  const limits = ["train_seconds", "parameters"].map((name) => [name, limitOf(name)]);
  const within = (row, [name, most]) =>
    most === null || most === Infinity || (value(row, name) !== "" && value(row, name) < most);
  for (const row of ranking) {
    row.hidden = !(row.dataset.model.toLowerCase().includes(wanted)
      && families.includes(value(row, "family")) && limits.every((limit) => within(row, limit)));
  }
  const shown = ranking.filter((row) => !row.hidden).length;
  const unread = limits.some(([, most]) => most === null);
  filters.querySelector("output").value = unread
    ? "a limit is a number, such as 60, 500k or 2M" : `${shown} of ${ranking.length} models`;
  if (current.closest("tr").hidden) stopAt(headers[0]);
}

// The address holds what is filtered and sorted, so that a view can be passed on.

function remember() {
  const kept = new URLSearchParams();
  for (const name of fields) {
    if (filters.elements[name].value) kept.set(name, filters.elements[name].value);
  }
  boxes.filter((box) => !box.checked).forEach((box) => kept.append("without", box.value));
  const sorted = headers.find((header) => header.hasAttribute("aria-sort"));
  if (sorted !== headers[0] || sorted.getAttribute("aria-sort") !== "ascending") {
    kept.set("sort", sorted.className);
    kept.set("order", sorted.getAttribute("aria-sort"));
  }
  history.replaceState(null, "", `#${kept}`);
}

function recall() {
  const kept = new URLSearchParams(location.hash.slice(1));
  for (const name of fields) filters.elements[name].value = kept.get(name) ?? "";
  for (const box of boxes) box.checked = !kept.getAll("without").includes(box.value);
  const sorted = headers.find((header) => header.className === kept.get("sort")) ?? headers[0];
  const order = kept.get("order");
  sortBy(sorted, order in opposite ? order : sorted.dataset.best);
  filter();
}

// Ties.

function choose(chosen) {
  const again = chosen.classList.contains("chosen");
  const ties = again ? [] : JSON.parse(chosen.dataset.ties);
  for (const row of ranking) {
    row.classList.toggle("chosen", row === chosen && !again);
    row.setAttribute("aria-selected", row === chosen && !again);
    row.classList.toggle("tied", ties.includes(row.dataset.model));
  }
}

// One stop for the Tab key, and arrow keys from cell to cell.

const inside = (cell) => cell.querySelector("button") ?? cell;
let current = inside(headers[0]);

function stopAt(cell) {
  current.tabIndex = -1;
  current = inside(cell);
  current.tabIndex = 0;
}

function go(event) {
  const cell = event.target.closest("th, td");
  const lines = [table.tHead.rows[0], ...[...body.rows].filter((row) => !row.hidden)];
  const [line, column] = [lines.indexOf(cell.parentElement), cell.cellIndex];
  const all = event.ctrlKey || event.metaKey;
  const places = {
    ArrowUp: [line - 1, column],
    ArrowDown: [line + 1, column],
    ArrowLeft: [line, column - 1],
    ArrowRight: [line, column + 1],
    Home: [all ? 0 : line, 0],
    End: [all ? lines.length - 1 : line, headers.length - 1],
  };
  if (event.key in places) {
    event.preventDefault();
    const [toLine, toColumn] = places[event.key];
    const next = lines[toLine]?.cells[toColumn];
    if (next) inside(next).focus();
  } else if ((event.key === "Enter" || event.key === " ") && event.target === cell) {
    event.preventDefault();
    choose(cell.parentElement);
  }
}

headers.forEach((header) => {
  header.querySelector("button").addEventListener("click", () => {
    sortBy(header, opposite[header.getAttribute("aria-sort")] ?? header.dataset.best);
    remember();
  });
});
for (const cell of table.querySelectorAll("th, td")) inside(cell).tabIndex = -1;
stopAt(headers[0]);
table.addEventListener("focusin", (event) => stopAt(event.target.closest("th, td")));
table.addEventListener("keydown", go);
body.addEventListener("click", (event) => {
  if (!event.target.closest("button")) choose(event.target.closest("tr"));
});
filters.addEventListener("input", () => { filter(); remember(); });
filters.addEventListener("submit", (event) => event.preventDefault());
window.addEventListener("hashchange", recall);
recall();

const hints = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    target.previousElementSibling.hidden = target.scrollWidth <= target.clientWidth;
  }
});
document.querySelectorAll(".scroll").forEach((box) => hints.observe(box));
