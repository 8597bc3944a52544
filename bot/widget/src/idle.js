// Nobody there for a while: a warning, then the conversation is put away. By the clock and not by a timer alone, because
// a phone that sleeps stops timers.

const WARNING = 60000;
const WRITE_EVERY = 5000;
const TICK = 1000;
const LOOK_EVERY = 5000;

// `warn` gets the seconds left, 0 when somebody is there again. Gives back what is to be called when somebody is.
export function watchIdle({ minutes, store, running, warn, away, signal }) {
  const limit = minutes * 60000;
  let seen = store.read().seen || Date.now();
  let written = 0;
  let warned = false;
  let timer = 0;

  function used() {
    seen = Date.now();
    if (seen - written > WRITE_EVERY && running()) {
      store.write({ seen });
      written = seen;
    }
    if (warned) check();
  }

  function check() {
    clearTimeout(timer);
    if (signal.aborted) return;
    const left = limit + WARNING - (Date.now() - seen);
    const before = warned;
    warned = running() && left > 0 && left <= WARNING;
    if (warned || before) warn(warned ? Math.ceil(left / 1000) : 0);
    if (running() && left <= 0) away();
    timer = setTimeout(check, warned ? TICK : LOOK_EVERY);
  }

  document.addEventListener("visibilitychange", check, { signal });
  addEventListener("pageshow", check, { signal });
  check();
  return used;
}

// Before anything is shown: what was left too long ago is not to be seen again.
export function putAwayOld(store, minutes) {
  const { seen, conversation } = store.read();
  if (conversation && Date.now() - (seen || 0) >= minutes * 60000 + WARNING) store.clear();
}
