// What lives as long as the tab: {conversation, token, open, language, pending, seen, site}, under one neutral name.

const KEY = "fc";

// A browser that refuses storage (a sandbox, some private modes) still has a memory as long as the page lives.
export function openStore() {
  let memory = "{}";
  let open = true;
  let refused = false;

  // What this page remembers counts only where nothing could be stored: another page of the tab may have cleared it all.
  function read() {
    try {
      return JSON.parse((refused ? memory : sessionStorage.getItem(KEY)) || "{}");
    } catch {
      return JSON.parse(memory);
    }
  }

  function write(changes) {
    if (!open) return;
    memory = JSON.stringify({ ...read(), ...changes });
    try {
      sessionStorage.setItem(KEY, memory);
    } catch { // or full: then it is not resumed
      refused = true;
    }
  }

  function clear() {
    memory = "{}";
    try {
      sessionStorage.removeItem(KEY);
    } catch { /* then nothing is there */ }
  }

  return {
    read,
    write,
    clear,
    // Nothing that is still under way may write after this.
    close() {
      open = false;
      clear();
    },
  };
}
