"use strict";

const table = document.querySelector(".leaderboard table");
const body = table.tBodies[0];
const headers = [...table.tHead.rows[0].cells];
const filters = document.querySelector(".filters");
const rows = () => [...body.rows];

function valueOf(row, column) {
  const text = row.cells[column].dataset.value;
  return text === "" || Number.isNaN(Number(text)) ? text : Number(text);
}

function sortBy(column) {
  const header = headers[column];
  const other = { ascending: "descending", descending: "ascending" };
  const direction = other[header.getAttribute("aria-sort")] ?? header.dataset.best;
  headers.forEach((cell) => cell.removeAttribute("aria-sort"));
  header.setAttribute("aria-sort", direction);
  const sign = direction === "ascending" ? 1 : -1;
  const sorted = rows().sort((one, other) => {
    const a = valueOf(one, column);
    const b = valueOf(other, column);
    return sign * (typeof a === "number" && typeof b === "number"
      ? a - b : String(a).localeCompare(String(b)));
  });
  body.append(...sorted);
}

function filter() {
  const wanted = filters.elements.model.value.trim().toLowerCase();
  const families = [...filters.querySelectorAll("fieldset input:checked")].map((box) => box.value);
  const value = (row, name) => row.querySelector(`.${name}`).dataset.value;
  const within = (row, name) => {
    const most = filters.elements[name].value;
    return most === "" || Number(value(row, name)) < Number(most);
  };
  for (const row of rows()) {
    const named = row.dataset.model.toLowerCase().includes(wanted);
    row.hidden = !(named && families.includes(value(row, "family"))
      && within(row, "train_seconds") && within(row, "parameters"));
  }
  const shown = rows().filter((row) => !row.hidden).length;
  filters.querySelector("output").value = `${shown} of ${rows().length} models`;
}

function choose(chosen) {
  const again = chosen.classList.contains("chosen");
  const ties = again ? [] : JSON.parse(chosen.dataset.ties);
  for (const row of rows()) {
    row.classList.toggle("chosen", row === chosen && !again);
    row.setAttribute("aria-selected", row === chosen && !again);
    row.classList.toggle("tied", ties.includes(row.dataset.model));
  }
}

headers.forEach((header, column) => {
  header.querySelector("button").addEventListener("click", () => sortBy(column));
});
headers[0].setAttribute("aria-sort", "ascending");
filters.addEventListener("input", filter);
body.addEventListener("click", (event) => choose(event.target.closest("tr")));
body.addEventListener("keydown", (event) => {
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    choose(event.target.closest("tr"));
  }
});

const hints = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    target.previousElementSibling.hidden = target.scrollWidth <= target.clientWidth;
  }
});
document.querySelectorAll(".scroll").forEach((box) => hints.observe(box));
filter();
