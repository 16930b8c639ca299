// The count beside the week follows what is typed. Without this file there is a button for it.

const form = document.querySelector("form[data-count]");
let waiting;
let asked = 0;

async function count() {
  const number = ++asked;
  const fields = new FormData(form);
  fields.set("act", "count");
  const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(fields) });
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("count");
  if (fresh && number === asked) document.getElementById("count").replaceChildren(...fresh.childNodes);
}

form?.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => count().catch(() => {}), 400);
});
