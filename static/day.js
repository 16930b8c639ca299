// Today's list is read anew when the doctor comes back to it. Never under somebody's hands: a row that moves while
// it is being pressed is the wrong patient. And never by itself: that would keep a sign-in alive that nobody uses.

const live = document.querySelector("[data-live]");
const FRESH = 20_000;
let read = Date.now();

/** Whether somebody is in the middle of something here. */
function inUse() {
  return live.contains(document.activeElement) || live.querySelector("details[open]") !== null;
}

async function readAnew() {
  if (document.hidden || inUse() || Date.now() - read < FRESH) return;
  read = Date.now();
  const answer = await fetch(location.href);
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(live.id);
  if (fresh && !inUse()) live.replaceChildren(...fresh.childNodes);
}

if (live) document.addEventListener("visibilitychange", () => readAnew().catch(() => {}));
