// What the site's owner may set, by attributes of the element or data- attributes of the script tag.
import { parseColour } from "./colour.js";

const LANGUAGES = ["en", "es"];
const DEFAULT_COLOUR = "#1f5f6b";
const DEFAULT_MINUTES = 10;
const FEWEST_MINUTES = 2;
const MOST_MINUTES = 60;

// Reads one attribute; what cannot be used is told in the console, with the remedy, and replaced.
function setting(element, name, fallback, read, remedy) {
  const text = element.getAttribute(name);
  if (text === null) return fallback;
  try {
    const value = read(text.trim());
    if (value) return value;
  } catch { /* told below */ }
  console.warn(`faro-chat: ${name}="${text}" cannot be used. Write ${remedy}.`);
  return fallback;
}

const oneOf = (element, name, ...allowed) =>
  setting(element, name, allowed[0], (text) => allowed.find((one) => one === text), `one of: ${allowed.join(", ")}`);

function minutes(text) {
  const count = Number(text);
  return count >= FEWEST_MINUTES && count <= MOST_MINUTES && count;
}

// An address that a person may press: nothing but http and https.
function webAddress(text) {
  const address = new URL(text, location.href);
  return /^https?:$/.test(address.protocol) && address;
}

export function readSettings(element, script) {
  const both = (name) => ({ en: element.getAttribute(`${name}-en`), es: element.getAttribute(`${name}-es`) });
  const link = (name) => setting(element, name, null, webAddress, "an address that begins with https://");
  const english = link("privacy-link");
  const page = oneOf(element, "display", "launcher", "page") === "page";
  return {
    page,
    language: oneOf(element, "language", "auto", ...LANGUAGES),
    position: oneOf(element, "position", "end", "start"),
    colour: setting(element, "colour", parseColour(DEFAULT_COLOUR), parseColour, "it as #rrggbb"),
    launcherText: both("launcher-text"),
    consentText: both("consent-text"),
    privacyLink: { en: english, es: link("privacy-link-es") || english },
    pages: (element.getAttribute("pages") || "").split(/\s+/).filter(Boolean),
    idleMinutes: setting(element, "idle-minutes", DEFAULT_MINUTES, minutes, `a number from ${FEWEST_MINUTES} to ${MOST_MINUTES}`),
    server: setting(element, "server", webAddress(script || "."), webAddress, "it as https://chat.example.com").origin,
    // `make demo` opens the chat page with ?demo.
    tour: element.hasAttribute("tour") || (page && new URLSearchParams(location.search).has("demo")),
  };
}

// "/visas/*" is every page below /visas/; without a pattern every page is meant.
export function onThisPage(patterns, path) {
  const fits = (pattern) => new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`).test(path);
  return !patterns.length || patterns.some(fits);
}

// The page's language goes before the browser's: who reads a Spanish page wants Spanish. The chat page has none of its own.
export function firstLanguage(settings) {
  if (settings.language !== "auto") return settings.language;
  const wanted = [settings.page ? "" : document.documentElement.lang, ...(navigator.languages || [navigator.language])];
  const known = wanted.map((tag) => (tag || "").toLowerCase().split("-")[0]).find((tag) => LANGUAGES.includes(tag));
  return known || "en";
}
