// Comfort for the prescription form: rows added and removed without asking the server. The plain buttons do the same.

const form = document.querySelector("[data-medicines]");
const rows = form.querySelector("[data-rows]");
const add = form.querySelector("[data-add]");
const full = form.querySelector("[data-full]");
const said = form.querySelector("[data-said]");
const blank = document.querySelector("#blank-row");
const most = Number(form.dataset.most);

const all = () => [...rows.querySelectorAll("[data-row]")];
const nameOf = (row) => row.querySelector("input[type=text]");

/** A number that no row of this page has had, so that names stay apart whatever was removed. */
let next = Math.max(-1, ...[...form.elements].map((box) => Number(/^medicines-(\d+)-/.exec(box.name)?.[1] ?? -1))) + 1;

/** Ten letters and digits that no other row has. */
function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(10))].map((byte) => (byte % 36).toString(36)).join("");
}

/** Words on the page follow the rows: numbers, and which buttons make sense. */
function recount() {
  const now = all();
  now.forEach((row, index) => {
    row.querySelector("[data-title]").textContent = `Medicine ${index + 1}`;
    row.querySelector("[data-which]").textContent = ` medicine ${index + 1}`;
    row.querySelector("[data-remove]").hidden = now.length === 1;
  });
  add.hidden = now.length >= most;
  full.hidden = !add.hidden;
  followErrors();
}

/** The list of errors on top follows the rows too: a removed row leaves it, and the others are called by their number. */
function followErrors() {
  const titles = new Map(all().flatMap((row, at) => boxesOf(row).map((box) => [`#${box.id}`, `Medicine ${at + 1}`])));
  for (const link of document.querySelectorAll(".error-summary a[href^='#medicines-']")) {
    const title = titles.get(link.getAttribute("href"));
    link.closest("li").hidden = !title;
    if (title) link.textContent = link.textContent.replace(/^Medicine \d+/, title);
  }
}

/** Say something to everybody, with a button to take it back where there is one. */
function say(words, undo) {
  said.replaceChildren(words);
  if (!undo) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button-secondary button-small";
  button.textContent = "Put it back";
  button.addEventListener("click", undo);
  said.append(button);
}

/** A new row at the end. */
function makeRow() {
  const made = document.createElement("template");
  made.innerHTML = blank.innerHTML.replaceAll("medicines-ROW-", `medicines-${next++}-`).replaceAll("ROWKEY", newKey());
  rows.append(made.content);
}

function addRow() {
  if (all().length >= most) return;
  makeRow();
  recount();
  keep();
  say(`Medicine ${all().length} added.`);
  nameOf(all().at(-1)).focus();
}

function removeRow(row) {
  const before = all();
  const at = before.indexOf(row);
  const name = nameOf(row).value.trim();
  row.remove();
  recount();
  keep();
  nameOf(all()[Math.max(at - 1, 0)]).focus();
  say(`Medicine ${at + 1}${name ? `, ${name},` : ""} removed.`, () => {
    rows.insertBefore(row, all()[at] ?? null);
    recount();
    keep();
    say("");
    nameOf(row).focus();
  });
}

/** What stands in the boxes: of every row, and around them. */
const boxesOf = (place) => [...place.querySelectorAll("input[name^=medicines-], textarea[name^=medicines-]")];
const around = () => [form.elements.attempt, form.elements.notes];

/** Browsers restore the boxes they loaded, not the rows a script added. So this page's own entry in the history
    remembers everything typed: Back from the next page loses nothing, and a fresh page starts empty. */
function keep() {
  const values = (boxes) => boxes.map((box) => box.value);
  history.replaceState({ rows: all().map((row) => values(boxesOf(row))), around: values(around()) }, "");
}

function restore() {
  const kept = history.state;
  if (!kept?.rows) return;
  const fill = (boxes, values) => boxes.forEach((box, index) => { box.value = values[index]; });
  while (all().length < kept.rows.length) makeRow();
  for (const row of all().slice(kept.rows.length)) row.remove();
  all().forEach((row, index) => {
    fill(boxesOf(row), kept.rows[index]);
    row.querySelector("[data-remove]").value = `remove:${kept.rows[index][0]}`;
  });
  fill(around(), kept.around);
  recount();
}

restore();
form.addEventListener("input", keep);
form.addEventListener("click", (event) => {
  const remove = event.target.closest("[data-remove]");
  if (!remove && !event.target.closest("[data-add]")) return;
  event.preventDefault();
  if (remove) removeRow(remove.closest("[data-row]"));
  else addRow();
});
