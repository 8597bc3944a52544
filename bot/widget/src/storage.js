// What lives as long as the tab: {conversation, token, open, language, pending, seen, site}, under one neutral name.

const KEY = "fc";

// A browser that refuses storage (a sandbox, some private modes) still has a memory as long as the page lives.
export function openStore() {
  let memory = "{}";
  let open = true;

  function read() {
    try {
      return JSON.parse(sessionStorage.getItem(KEY) || memory);
    } catch {
      return JSON.parse(memory);
    }
  }

  function write(changes) {
    if (!open) return;
    memory = JSON.stringify({ ...read(), ...changes });
    try {
      sessionStorage.setItem(KEY, memory);
    } catch { /* refused or full: then it is not resumed */ }
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
