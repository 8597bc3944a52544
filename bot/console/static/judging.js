// Keys for who judges many conversations. Every page works without it.
"use strict";

(() => {
  // The same switch as on the other pages (pages.js).
  const KEPT = "faro-keys";
  const note = document.querySelector("[data-keys]");
  const box = note?.querySelector("input");
  const turns = [...document.querySelectorAll("[data-turn]")];

  // What has to be mended is where the person goes on.
  const told = document.querySelector("#problem") ?? document.querySelector("#said:target");
  if (told) {
    told.tabIndex = -1;
    told.focus();
  }
  if (!note) return;

  function show() {
    document.body.classList.toggle("keys-on", box.checked);
  }
  note.hidden = false;
  box.checked = localStorage.getItem(KEPT) === "yes";
  show();
  box.addEventListener("change", () => {
    if (box.checked) localStorage.setItem(KEPT, "yes");
    else localStorage.removeItem(KEPT);
    show();
  });

  function here() {
    return document.activeElement?.closest("[data-turn]") ?? null;
  }
  function go(turn) {
    turn?.focus();
    turn?.scrollIntoView({ block: "nearest" });
    return turn;
  }
  function step(by) {
    const at = turns.indexOf(here());
    go(turns[at < 0 ? (by > 0 ? 0 : turns.length - 1) : Math.min(Math.max(at + by, 0), turns.length - 1)]);
  }
  // Without an answer in hand a key only takes the first one, so that none is marked unseen.
  function onTurn(work) {
    const turn = here();
    if (turn) work(turn);
    else step(1);
  }
  function mark(turn) {
    turn.classList.toggle("marked", turn.querySelector("[data-label]").value !== "");
  }
  function label(number) {
    onTurn((turn) => {
      const select = turn.querySelector("[data-label]");
      select.selectedIndex = select.selectedIndex === number ? 0 : number;
      mark(turn);
    });
  }
  function open(turn) {
    for (const found of turn.querySelectorAll("details[data-more]")) found.open = !found.open;
  }
  for (const turn of turns) {
    mark(turn);
    turn.querySelector("[data-label]").addEventListener("change", () => mark(turn));
  }

  const keys = {
    j: () => step(1),
    k: () => step(-1),
    e: () => onTurn(open),
    t: () => onTurn((turn) => turn.querySelector("[data-right]").focus()),
  };
  for (let number = 1; number <= 6; number += 1) keys[number] = () => label(number);
  for (const select of document.querySelectorAll("[data-grade]")) {
    keys[select.dataset.grade] = () => {
      select.selectedIndex = (select.selectedIndex + 1) % select.length;
    };
  }

  document.addEventListener("keydown", (event) => {
    if (!box.checked || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.repeat) return;
    const typing = event.target.closest("input:not([type=checkbox]), select, textarea");
    if (typing) {
      // Out of a field, back to its answer.
      if (event.key === "Escape") (here() ?? document.querySelector("main")).focus();
      return;
    }
    const name = CSS.escape(event.key);
    const known = keys[event.key];
    const button = document.querySelector(`[data-press="${name}"]`);
    const field = document.querySelector(`[data-focus="${name}"]`);
    if (!known && !button && !field) return;
    event.preventDefault();
    if (known) known();
    else if (button) button.click();
    else field.focus();
  });
})();
