// Small helpers for elements. Text is only ever set as text, so that nothing that is shown can become markup.

// `content` is a text or a list of what stands inside. Properties where the element has them, else attributes (aria-*, data-*).
export function node(tag, content = "", properties = {}) {
  const element = document.createElement(tag);
  element.append(...[content].flat(2).filter(Boolean));
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  return element;
}

export function button(content, act, properties = {}) {
  const made = node("button", content, { type: "button", ...properties });
  if (act) made.addEventListener("click", act);
  return made;
}

// For what takes a while: pressed again before it has ended, it does nothing.
export function worker(content, act, failed, properties) {
  const made = button(content, async () => {
    if (made.ariaBusy) return;
    made.ariaBusy = "true";
    try {
      await act(made);
    } catch (error) {
      failed(error);
    } finally {
      made.ariaBusy = null;
    }
  }, properties);
  return made;
}

// Drawn, because a picture file would be one more request and a font may lack the sign.
export function icon(path) {
  const SVG = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  drawing.append(line);
  return drawing;
}

export const ICONS = {
  talk: "M4 5h16v11H10l-5 4v-4H4zM8 9h8M8 12.5h5",
  close: "M6 6l12 12M18 6L6 18",
  menu: "M4 7h16M4 12h16M4 17h16",
  leave: "M10 4H5v16h5M14 8l4 4-4 4M18 12H9",
  listen: "M4 10v4h3l5 4V6l-5 4zM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11",
  stop: "M7 7h10v10H7z",
};

// How long to wait before the next try, in milliseconds, by how many there were.
const RETRY = [1000, 2000, 4000, 8000];

export const retryAfter = (tries) => RETRY[Math.min(tries, RETRY.length - 1)];

const waiting = new Set();

function wake() {
  for (const done of waiting) done();
  waiting.clear();
}

addEventListener("online", wake);
document.addEventListener("visibilitychange", wake);

// Ends early when there is a connection again, or when the page is looked at again.
export function pauseForChance(ms) {
  return new Promise((done) => {
    waiting.add(done);
    setTimeout(() => waiting.delete(done) && done(), ms);
  });
}

export const newId = () => crypto.getRandomValues(new Uint32Array(4)).join("-");
