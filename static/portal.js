// Comfort on top of plain forms: everything works without this file.

/** Bring the error summary, or the notice of a refusal, to the person's attention. */
function focusFirstProblem() {
  document.querySelector("[data-autofocus]")?.focus();
}

/** A second click while the first is on its way does nothing. Coming back to the page makes the button work again. */
function guardAgainstDoubleSubmit() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent === "yes") {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-disabled", "true");
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
    for (const button of document.querySelectorAll("button[aria-disabled]")) button.removeAttribute("aria-disabled");
  });
}

/** A button beside a password that shows it while it is typed. */
function showPasswords() {
  for (const box of document.querySelectorAll("[data-password]")) {
    const input = box.querySelector("input");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button-secondary";
    button.setAttribute("aria-controls", input.id);
    const show = (visible) => {
      input.type = visible ? "text" : "password";
      button.textContent = visible ? "Hide" : "Show";
      button.setAttribute("aria-label", visible ? "Hide password" : "Show password");
    };
    button.addEventListener("click", () => show(input.type === "password"));
    input.form.addEventListener("submit", () => show(false));
    show(false);
    box.append(button);
  }
}

/** How many characters are left, once few are. */
function countCharacters() {
  for (const area of document.querySelectorAll("textarea[data-limit]")) {
    const limit = Number(area.dataset.limit);
    const line = document.createElement("p");
    line.className = "left";
    line.setAttribute("role", "status");
    area.after(line);
    const update = () => {
      const left = limit - [...area.value].length;
      const many = Math.abs(left) === 1 ? "1 character" : `${Math.abs(left)} characters`;
      line.textContent = left > limit / 5 ? "" : `${many} ${left >= 0 ? "left" : "too many"}`;
      line.classList.toggle("left-over", left < 0);
    };
    area.addEventListener("input", update);
    update();
  }
}

/** The summary beside the free times names the time that is chosen. */
function nameChosenTime() {
  const target = document.querySelector("[data-chosen-time]");
  if (!target) return;
  const update = () => {
    const chosen = document.querySelector("input[name=start]:checked");
    if (chosen) target.textContent = chosen.dataset.words;
  };
  document.addEventListener("change", update);
  window.addEventListener("pageshow", update);
}

/** Print buttons only make sense where a script can print. */
function offerPrinting() {
  for (const button of document.querySelectorAll("button[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
}

/** Copy buttons only make sense where a script can copy. Each says that it has. */
function offerCopying() {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", async () => {
      const lines = document.querySelector(button.dataset.copy).innerText.split("\n");
      await navigator.clipboard.writeText(lines.map((line) => line.trim()).filter(Boolean).join("\n"));
      button.textContent = button.dataset.done;
    });
  }
}

focusFirstProblem();
offerPrinting();
offerCopying();
guardAgainstDoubleSubmit();
showPasswords();
countCharacters();
nameChosenTime();
