// Warns before somebody who does nothing is signed out, and leaves the page at the end. The server has the same rule
// of its own; what is here is the warning, the way to stay, and taking along what was typed. All tabs share one clock.

const region = document.querySelector("[data-idle]");
const limit = Number(region.dataset.idle) * 1000;
const warning = Number(region.dataset.warning) * 1000;
const SHARED = "clinic-idle-end";

let ownEnd = 0;
let timer = 0;
let asking = false;
let leaving = false;
let focusedBefore = null;

/** When the sign-in ends, in ms since the epoch, as the tab knows that was last in use. 0 once somebody signed out. */
function end() {
  try {
    const shared = localStorage.getItem(SHARED);
    return shared === null ? ownEnd : Number(shared);
  } catch {
    return ownEnd;
  }
}

function setEnd(moment) {
  ownEnd = moment;
  try {
    localStorage.setItem(SHARED, String(moment));
  } catch {
    // without storage every tab has its own clock
  }
  tick();
}

/** Look at the clock, and look again when something will have changed. */
function tick() {
  clearTimeout(timer);
  const left = end() - Date.now();
  if (left <= 0) return leave();
  if (left > warning) calm();
  else warn(left);
  timer = setTimeout(tick, left > warning ? left - warning : Math.min(left, 5000));
}

function warn(left) {
  if (!region.querySelector(".idle-row")) {
    region.append(region.querySelector("template").content.cloneNode(true));
    const button = region.querySelector("button");
    button.addEventListener("focus", (event) => (focusedBefore = event.relatedTarget));
    button.addEventListener("click", stay);
  }
  const minutes = Math.round(left / 60000);
  const words = left < 45000 ? "in less than a minute" : minutes === 1 ? "in about a minute" : `in ${minutes} minutes`;
  const place = region.querySelector("[data-left]");
  if (place.textContent !== words) place.textContent = words;
}

function calm() {
  const shown = region.querySelector(".idle-row");
  if (!shown) return;
  const hadFocus = shown.contains(document.activeElement);
  shown.remove();
  if (hadFocus) (focusedBefore?.isConnected ? focusedBefore : document.querySelector("main")).focus();
}

/** Tell the server that somebody is there. When it cannot be reached the clock goes on. */
async function stay() {
  if (asking) return;
  asking = true;
  try {
    const answer = await fetch(region.dataset.stay, { method: "POST" });
    if (answer.status === 204) setEnd(Date.now() + limit);
    if (answer.status === 401) leave();
  } catch {
    // offline: pressing again tries again
  } finally {
    asking = false;
  }
}

/** Whoever types is there. Once the warning shows, only its button counts. */
function somethingHappened() {
  const left = end() - Date.now();
  if (left > warning && left < limit * 0.75) stay();
}

/** The form somebody has typed into and not sent yet. */
function unsentForm() {
  const refused = document.querySelector(".error-summary, main > .notice-error");
  return [...document.querySelectorAll("main form[method=post]")].find((form) =>
    [...form.elements].some((field) => typed(field, refused)),
  );
}

function typed(field, refused) {
  if (["hidden", "submit", "button", "file", "password"].includes(field.type)) return false;
  if (field.type === "radio" || field.type === "checkbox") return field.checked !== field.defaultChecked;
  if (field.options) {
    const before = [...field.options].findIndex((option) => option.defaultSelected);
    return field.selectedIndex !== Math.max(before, 0);
  }
  return "value" in field && (field.value !== field.defaultValue || Boolean(refused && field.value));
}

/** Leave for the page to sign in on; what was typed comes along. */
function leave() {
  if (leaving) return;
  leaving = true;
  const unsent = unsentForm();
  const here = location.pathname + location.search;
  const form = document.createElement("form");
  const query = unsent ? { form: unsent.getAttribute("action") || here } : { page: here };
  form.method = "post";
  form.action = `${region.dataset.leave}?${new URLSearchParams(query)}`;
  for (const [name, value] of new FormData(unsent ?? document.querySelector(".header form")))
    if (typeof value === "string") add(form, name, value);
  document.body.append(form);
  // a tab with nothing to keep lets another one go first that may have something
  setTimeout(() => form.submit(), unsent ? 0 : Math.min(1000, warning / 2));
}

function add(form, name, value) {
  const field = document.createElement("input");
  field.type = "hidden";
  field.name = name;
  field.value = value;
  form.append(field);
}

document.querySelector(".header form").addEventListener("submit", () => {
  try {
    localStorage.setItem(SHARED, "0");
  } catch {
    // the other tabs will notice at their next request
  }
});
window.addEventListener("storage", (event) => event.key === SHARED && tick());
window.addEventListener("pageshow", (event) => event.persisted && tick());
document.addEventListener("visibilitychange", tick);
for (const kind of ["keydown", "pointerdown", "input"]) window.addEventListener(kind, somethingHappened, { passive: true });

setEnd(Date.now() + limit);
