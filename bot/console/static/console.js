// What makes the console quicker; every page works without it.
"use strict";

// Asks once more before what cannot be undone: a form with data-confirm.
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

// Sends a form once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  if (event.target.dataset.sent) {
    event.preventDefault();
    return;
  }
  event.target.dataset.sent = "yes";
});
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// What a form did, or the first thing that is wrong, is where the person goes on: at the field that is to be mended,
// at the words that take the focus, or at the first field beside them.
function whereToGoOn() {
  const done = document.querySelector("#said");
  if (done) return done;
  const wrong = document.querySelector("[role=alert]");
  const around = wrong?.closest("section, .door");
  const field = around?.querySelector("[aria-invalid=true]");
  if (field || wrong?.hasAttribute("tabindex")) return field ?? wrong;
  return around?.querySelector("input:not([type=hidden])");
}
whereToGoOn()?.focus();
