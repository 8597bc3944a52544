// Leaving fast: the page is emptied and replaced, so that neither the screen nor the way back shows it.
// Pressing Shift three times does the same, as on the pages of GOV.UK.

const NEUTRAL = "https://www.weather.gov/";
const PRESSES = 3;
const WITHIN = 5000;

export function leaveFast({ store, sheets }) {
  store.close();
  for (const sheet of sheets) sheet.close();
  document.title = "…";
  document.documentElement.replaceChildren();
  // Inside a frame the whole tab has to go; where a sandbox forbids that, at least the frame.
  for (const place of new Set([top, window])) {
    try {
      place.location.replace(NEUTRAL);
    } catch { /* the next one */ }
  }
}

// Shift by itself, three times, each within five seconds of the one before; a capital letter in between is writing. `told` gets how many are missing.
export function watchShift({ active, told, leave, signal }) {
  let count = 0;
  let alone = false;
  let last = 0;
  const listen = (type, act) => addEventListener(type, act, { capture: true, signal });

  listen("keydown", (event) => {
    alone = event.key === "Shift";
    if (!alone) count = 0;
  });
  listen("keyup", (event) => {
    if (event.key !== "Shift" || !alone || !active()) return;
    alone = false;
    if (Date.now() - last > WITHIN) count = 0;
    last = Date.now();
    count += 1;
    if (count < PRESSES) told(PRESSES - count);
    else leave();
  });
}
