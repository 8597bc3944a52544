// Plain text of a message as paragraphs, lists and links.
import { node } from "./dom.js";

// Web addresses and phone numbers can be pressed; 911 and 988 too, for someone whose hands shake.
const PRESSABLE = /(https:\/\/[^\s)]+[^\s).,;:])|(^|[^\d$-])(1-\d{3}-\d{3}-\d{4}|\d{3}-\d{3}-\d{4}|\d{3}-\d{4}|911|988)(?![\d-])/g;

export function outside(address, text) {
  return node("a", text, { href: address, rel: "noopener noreferrer", target: "_blank" });
}

export function linked(element, text) {
  let end = 0;
  for (const found of text.matchAll(PRESSABLE)) {
    const [, address, before = "", number] = found;
    element.append(text.slice(end, found.index) + before);
    end = found.index + found[0].length;
    element.append(address ? outside(address, address) : node("a", number, { href: `tel:${number}` }));
  }
  element.append(text.slice(end));
  return element;
}

export function paragraphs(text) {
  // Blank lines part paragraphs, "- " starts an item of a list.
  const parts = document.createDocumentFragment();
  for (const block of text.split(/\n\s*\n/)) {
    let list = null;
    let lines = [];
    const flush = () => {
      if (lines.length) parts.append(linked(node("p"), lines.join(" ")));
      lines = [];
    };
    for (const line of block.split("\n")) {
      if (line.startsWith("- ")) {
        flush();
        list = list || parts.appendChild(node("ul"));
        list.append(linked(node("li"), line.slice(2)));
      } else if (line.trim()) {
        list = null;
        lines.push(line.trim());
      }
    }
    flush();
  }
  return parts;
}

// The reading of days in the program takes "15 March 2026" and "15 de marzo de 2026".
export function dayInWords(iso, language, english = "en-US") {
  return new Date(`${iso}T12:00:00Z`).toLocaleDateString(language === "es" ? "es-US" : english, {
    day: "numeric",
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });
}

// The person's own day.
export function thisDay() {
  return new Date().toLocaleDateString("sv"); // Sweden writes YYYY-MM-DD
}

// An answer as it is copied.
export function asText(message, say) {
  const lines = [message.title, message.full || message.text, ...message.notes];
  if (message.sources.length) {
    const list = message.sources.map(
      (source) => `- ${[source.cite, source.url].filter(Boolean).join(", ")} (${say("checked")} ${dayInWords(source.checked, message.language)})`,
    );
    lines.push([`${say("sources")}:`, ...list].join("\n"));
  }
  return lines.filter(Boolean).join("\n\n");
}
