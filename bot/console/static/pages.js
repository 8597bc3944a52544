// Keys for who reads many conversations, figures that stay fresh, all details at once. Every page works without it.
"use strict";

(() => {
  const KEPT = "faro-keys";
  const home = document.body.dataset.home;

  // All details at once.
  const all = document.querySelector("[data-all]");
  const details = [...document.querySelectorAll("details[data-more]")];
  function openAll() {
    const open = details.some((found) => !found.open);
    for (const found of details) found.open = open;
    all.textContent = open ? all.dataset.close : all.dataset.open;
  }
  if (all && details.length) {
    all.hidden = false;
    all.addEventListener("click", openAll);
  }

  // A file that is saved leaves the page as it is, so its button works again.
  for (const form of document.querySelectorAll("form[data-download]")) {
    form.addEventListener("submit", () => setTimeout(() => delete form.dataset.sent, 1500));
  }

  // The figures of the queues.
  const figures = [...document.querySelectorAll("[data-count]")];
  async function refresh() {
    if (document.hidden) return;
    try {
      const response = await fetch(`${home}/counts`, { credentials: "same-origin", redirect: "error" });
      if (!response.ok) return;
      const counts = await response.json();
      for (const figure of figures) {
        const count = counts[figure.dataset.count];
        if (count !== undefined && count < 1000) figure.textContent = String(count);
      }
    } catch {
      // The next time will do.
    }
  }
  if (figures.length) setInterval(refresh, 30000);

  // Single keys, only where somebody has turned them on.
  const stops = [...document.querySelectorAll(".message, .case")];
  function step(by) {
    if (!stops.length) return;
    const at = stops.findIndex((stop) => stop.contains(document.activeElement));
    const next = stops[at < 0 ? (by > 0 ? 0 : stops.length - 1) : Math.min(Math.max(at + by, 0), stops.length - 1)];
    (next.querySelector("a.to") ?? next).focus();
    next.scrollIntoView({ block: "nearest" });
  }
  function toggleHere() {
    const here = document.activeElement?.closest(".message");
    for (const found of here?.querySelectorAll("details[data-more]") ?? []) found.open = !found.open;
  }
  const keys = { j: () => step(1), k: () => step(-1), e: toggleHere, o: () => all && !all.hidden && openAll() };
  document.addEventListener("keydown", (event) => {
    if (!box.checked || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input:not([type=checkbox]), select, textarea")) return;
    const known = keys[event.key];
    const target = known ? null : document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!known && !target) return;
    event.preventDefault();
    if (known) known();
    else if (target.tagName === "BUTTON") target.click();
    else target.focus();
  });

  const note = document.querySelector("[data-keys]");
  const box = note?.querySelector("input") ?? { checked: false };
  if (note) {
    note.hidden = false;
    box.checked = localStorage.getItem(KEPT) === "yes";
    box.addEventListener("change", () => {
      if (box.checked) localStorage.setItem(KEPT, "yes");
      else localStorage.removeItem(KEPT);
    });
  }
})();
