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

// The first thing that is wrong is where the person goes on.
document.querySelector("[role=alert]")?.closest("section, .door")?.querySelector("[aria-invalid], input:not([type=hidden])")?.focus();
