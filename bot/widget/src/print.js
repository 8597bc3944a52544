// One answer on paper. In a document of its own, so that neither the site's style nor its policy changes the sheet.
import { node } from "./dom.js";

const PAPER = `body { font: 12pt/1.45 system-ui, sans-serif; margin: 0 }
h1 { font-size: 16pt }
img { width: 9.5cm }
a { color: inherit }
.note { border-left: 2pt solid; padding-left: .6em }`;
// What is pressed and not read, and the drawing for dark screens.
const LEFT_OUT = "button, .choices, .keep, .rating, .hidden, source";

export function printItem(item, place) {
  place.querySelector("iframe")?.remove();
  const frame = node("iframe", "", { className: "hidden", tabIndex: -1, "aria-hidden": "true" });
  // Some browsers put a second empty document in the place of the first one: only after "load" is it there to stay.
  frame.addEventListener("load", () => fill(frame, item), { once: true });
  place.append(frame);
}

async function fill(frame, item) {
  const view = frame.contentWindow;
  const paper = frame.contentDocument;
  const sheet = new view.CSSStyleSheet();
  sheet.replaceSync(PAPER);
  paper.adoptedStyleSheets = [sheet];
  paper.documentElement.lang = item.lang;
  paper.title = "Faro";
  const copy = paper.importNode(item, true);
  for (const part of copy.querySelectorAll(LEFT_OUT)) part.remove();
  for (const part of copy.querySelectorAll("details")) part.open = true;
  const heading = copy.querySelector("h2, h3");
  if (heading) {
    const title = paper.createElement("h1");
    title.textContent = heading.textContent;
    heading.replaceWith(title);
  }
  paper.body.append(...copy.childNodes);
  await Promise.all([...paper.images].map((image) => image.decode().catch(() => {})));
  view.addEventListener("afterprint", () => setTimeout(() => frame.remove()));
  view.focus();
  view.print();
}
