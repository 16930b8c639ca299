// Comfort for the prescription form: medicines found while typing, rows added and removed, amounts worked out, all
// without leaving the page. The plain buttons do the same.

const form = document.querySelector("[data-medicines]");
const rows = form.querySelector("[data-rows]");
const add = form.querySelector("[data-add]");
const full = form.querySelector("[data-full]");
const said = form.querySelector("[data-said]");
const blank = document.querySelector("#blank-row");
const most = Number(form.dataset.most);
form.classList.add("scripted");

const all = () => [...rows.querySelectorAll("[data-row]")];
const nameOf = (row) => row.querySelector("input[name$='-name']");
const firstOf = (row) => row.querySelector(".input, .chosen");
const keyOf = (row) => row.querySelector("input[name$='-key']").value;
const numberOf = (row) => /^medicines-(\d+)-/.exec(row.querySelector("input[name$='-key']").name)[1];

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
  const titles = new Map();
  all().forEach((row, at) => {
    for (const place of row.querySelectorAll("[id]")) titles.set(`#${place.id}`, `Medicine ${at + 1}`);
  });
  for (const link of document.querySelectorAll(".error-summary a[href^='#medicines-']")) {
    const title = titles.get(link.getAttribute("href"));
    link.closest("li").hidden = !title;
    if (title) link.textContent = link.textContent.replace(/^Medicine \d+/, title);
  }
}

/** Say something to everybody, with a button to take it back where there is one. */
function say(words, undo) {
  said.replaceChildren(words);
  if (undo) said.append(small("Put it back", undo));
}

function small(words, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button-secondary button-small";
  button.textContent = words;
  button.addEventListener("click", act);
  return button;
}

/** A new row at the end. */
function makeRow() {
  const made = document.createElement("template");
  made.innerHTML = blank.innerHTML.replaceAll("medicines-ROW-", `medicines-${next++}-`).replaceAll("ROWKEY", newKey());
  rows.append(made.content);
  prepare(all().at(-1));
}

function addRow() {
  if (all().length >= most) return;
  makeRow();
  recount();
  keep();
  say(`Medicine ${all().length} added.`);
  firstOf(all().at(-1)).focus();
}

function removeRow(row) {
  const before = all();
  const at = before.indexOf(row);
  const name = nameOf(row).value.trim();
  row.remove();
  recount();
  keep();
  firstOf(all()[Math.max(at - 1, 0)]).focus();
  say(`Medicine ${at + 1}${name ? `, ${name},` : ""} removed.`, () => {
    rows.insertBefore(row, all()[at] ?? null);
    recount();
    keep();
    say("");
    firstOf(row).focus();
  });
}

/** Put another kind of row in this one's place, as the server makes it. Where that fails, the plain button does it. */
async function swap(row, given, button) {
  const asked = new URLSearchParams({ number: numberOf(row), place: all().indexOf(row) + 1, key: keyOf(row), ...given });
  try {
    const answer = await fetch(`${form.dataset.row}?${asked}`);
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
    const made = document.createElement("template");
    made.innerHTML = await answer.text();
    const fresh = made.content.querySelector("[data-row]");
    row.replaceWith(fresh);
    say("");
    prepare(fresh);
    recount();
    keep();
    (fresh.querySelector("select, [data-reckon]") ?? firstOf(fresh)).focus();
  } catch {
    if (button) form.requestSubmit(button);
  }
}

/** What stands in the boxes: of every row, and around them. */
const boxesOf = (place) => [...place.querySelectorAll("input, textarea, select")].filter((box) => box.name.startsWith("medicines-"));
const around = () => [form.elements.attempt, form.elements.notes];

/** Browsers restore the boxes they loaded, not the rows a script made. So this page's own entry in the history
    remembers the rows as they are: Back from the next page loses nothing, and a fresh page starts empty. */
function keep() {
  const value = (box) => (box.type === "checkbox" || box.type === "radio" ? box.checked : box.value);
  const kept = all().map((row) => ({ html: row.outerHTML, values: boxesOf(row).map(value) }));
  history.replaceState({ rows: kept, next, around: around().map((box) => box.value) }, "");
}

function restore() {
  const kept = history.state;
  if (!kept?.rows) return;
  rows.replaceChildren();
  next = Math.max(next, kept.next);
  for (const { html, values } of kept.rows) {
    const made = document.createElement("template");
    made.innerHTML = html;
    const row = made.content.querySelector("[data-row]");
    row.querySelector(".suggestions")?.remove();
    rows.append(row);
    boxesOf(row).forEach((box, index) => {
      if (typeof values[index] === "boolean") box.checked = values[index];
      else box.value = values[index];
    });
  }
  around().forEach((box, index) => { box.value = kept.around[index]; });
  recount();
}

/** Make a row comfortable: a medicine is found while it is typed, and sums follow the numbers. */
function prepare(row) {
  const find = row.querySelector("[data-find]");
  if (find) offerMedicines(row, find.querySelector("input[type=text]"));
}

/** A combobox after the ARIA pattern: the focus stays in the box, the arrows walk the list below it. */
function offerMedicines(row, box) {
  const list = document.createElement("ul");
  list.id = `${box.id}-list`;
  list.className = "suggestions";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Medicines");
  list.hidden = true;
  box.parentElement.after(list);
  const words = { role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": "false" };
  for (const [name, value] of Object.entries(words)) box.setAttribute(name, value);
  let asked = 0;
  let at = -1;
  const options = () => [...list.children];
  const close = () => {
    list.hidden = true;
    at = -1;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  };
  const mark = (index) => {
    at = (index + options().length) % options().length;
    options().forEach((option, n) => option.setAttribute("aria-selected", String(n === at)));
    box.setAttribute("aria-activedescendant", options()[at].id);
    options()[at].scrollIntoView({ block: "nearest" });
  };
  const choose = (option) => {
    close();
    swap(row, { formulary_id: option.dataset.id, name: option.dataset.name }, row.querySelector(".find-button"));
  };
  const show = (items) => {
    list.replaceChildren(...items.map((item, n) => {
      const option = document.createElement("li");
      option.id = `${list.id}-${n}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.dataset.id = item.id;
      option.dataset.name = item.generic_name;
      const below = document.createElement("span");
      below.className = "below";
      below.textContent = item.strengths + (item.controlled ? " · controlled" : "");
      option.append(item.name, " ", below);
      return option;
    }));
    list.hidden = !items.length;
    box.setAttribute("aria-expanded", String(items.length > 0));
    at = -1;
    box.removeAttribute("aria-activedescendant");
    say(items.length ? `${items.length} found.` : "Nothing in the list is called like that.");
  };
  box.addEventListener("input", async () => {
    const mine = ++asked;
    if (box.value.trim().length < 2) return close();
    await new Promise((done) => setTimeout(done, 120));
    if (mine !== asked) return;
    const answer = await fetch(`${form.dataset.find}?${new URLSearchParams({ q: box.value })}`).catch(() => null);
    const found = answer?.ok && !answer.redirected ? await answer.json() : null;
    if (mine === asked && found && row.isConnected) show(found.items);
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    if (event.key === "Enter") {
      event.preventDefault();
      const sure = at >= 0 ? at : options().length === 1 ? 0 : -1;  // never a lookalike that nobody pointed at
      if (!list.hidden && sure >= 0) choose(options()[sure]);
    }
    if (list.hidden || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
    event.preventDefault();
    mark(at < 0 ? (event.key === "ArrowDown" ? 0 : -1) : at + (event.key === "ArrowDown" ? 1 : -1));
  });
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose(option);
  });
  box.addEventListener("blur", close);
}

/** How often, as it was understood, and what the course takes: said as soon as it can be. */
let reckoned = 0;
async function reckon(row) {
  const mine = ++reckoned;
  const place = row.querySelector("[data-sum]");
  if (!place) return;
  await new Promise((done) => setTimeout(done, 250));
  if (mine !== reckoned) return;
  const names = ["formulary_id", "name", "dose", "dose_unit", "how_often", "count", "unit"];
  const box = (name) => row.querySelector(`[name$='-${name}']`);
  const asked = new URLSearchParams(names.map((name) => [name, box(name)?.value ?? ""]));
  if (box("as_needed").checked) asked.set("as_needed", "yes");
  const answer = await fetch(`${form.dataset.understood}?${asked}`).catch(() => null);
  if (mine !== reckoned || !answer?.ok || answer.redirected) return;
  const found = await answer.json();
  row.querySelector("[data-understood]").textContent = found.how_often && `Understood: ${found.how_often}`;
  place.replaceChildren(found.sum ? `The course takes ${found.sum}.` : "");
  if (found.expected && box("quantity").value !== found.expected) {
    const use = small(`Use ${found.expected}`, () => {
      box("quantity").value = found.expected;
      use.remove();
      box("quantity").focus();
      keep();
    });
    place.append(" ", use);
  }
}

restore();
all().forEach(prepare);
form.addEventListener("input", (event) => {
  keep();
  const row = event.target.closest("[data-row]");
  if (row) reckon(row);
});
form.addEventListener("click", (event) => {
  const button = event.target.closest("[data-remove], [data-add], [data-swap]");
  if (!button) return;
  event.preventDefault();
  const row = button.closest("[data-row]");
  if ("remove" in button.dataset) removeRow(row);
  else if ("add" in button.dataset) addRow();
  else swap(row, { name: nameOf(row).value, ...(button.value.startsWith("words:") ? { kind: "words" } : {}) }, button);
});
