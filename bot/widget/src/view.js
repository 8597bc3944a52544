// The panel's elements, and what the conversation does with them.
import { ICONS, button, icon, node } from "./dom.js";
import { linked, outside } from "./text.js";
import { WORDS } from "./words.js";

const SHORT_QUESTION = 120; // CSS px: so high a question stays in sight above its answer
const KEPT_ANNOUNCEMENTS = 6;
const WORKING_TOLD_AFTER = 2500;
const LAST_WARNING = 15; // seconds before the end

const worded = (tag, key, properties) => node(tag, "", { "data-text": key, ...properties });
const pressed = (key, id, act) => button("", act, { id, "data-text": key });
const pictured = (key, id, path, act, properties) => button(icon(path), act, { id, className: "icon", "data-label": key, ...properties });
// Shown and filled when it is needed.
const later = (tag, id, content, properties) => node(tag, content, { id, hidden: true, ...properties });

// `on` holds what happens when something is pressed.
export function createView({ settings, site, on }) {
  const panel = node(settings.page ? "div" : "dialog", "", { id: "panel", className: "panel", "aria-labelledby": "title" });
  const $ = (id) => panel.querySelector(`#${id}`);
  let language = "en";
  let workingTimer = 0;
  let idleFor = null;
  const say = (key) => WORDS[language][key];

  panel.append(
    header({ settings, site, on }),
    later("div", "menu", "", { role: "group", "data-label": "menu" }),
    later("div", "starting", [
      node("p", "", { id: "starting-text", role: "status" }),
      node("progress", "", { id: "starting-bar", max: 1, value: 0, "aria-labelledby": "starting-text" }),
    ]),
    conversation(on),
    node("div", "", { id: "problem", role: "alert" }),
    node("p", "", { id: "announcer", className: "hidden", "aria-live": "polite" }),
    footer({ site, on }),
  );

  function announce(text, lang = language) {
    const announcer = $("announcer");
    announcer.lang = lang;
    announcer.append(node("span", `${text} `, { lang }));
    while (announcer.childNodes.length > KEPT_ANNOUNCEMENTS) announcer.firstChild.remove();
  }

  // Without an item, and for one's own words, to the end.
  function scrollTo(item) {
    const scroll = $("scroll");
    const isMine = (one) => one?.classList.contains("visitor");
    if (!item || isMine(item)) return scroll.scrollTo(0, scroll.scrollHeight);
    // A long answer begins in sight, with the question above it when that is short.
    const asked = item.previousElementSibling;
    const first = isMine(asked) && asked.offsetHeight < SHORT_QUESTION ? asked : item;
    // The beginning of the conversation has something above it.
    scroll.scrollTo(0, asked ? first.offsetTop - 12 : 0);
  }

  // A box that is there as long as it says something.
  function put(id, text) {
    const words = $(`${id}-text`);
    $(id).hidden = !text;
    if (words.textContent !== text) words.textContent = text;
  }

  function translate(wanted) {
    language = wanted;
    panel.lang = wanted;
    for (const element of panel.querySelectorAll("[data-text]")) element.textContent = say(element.dataset.text);
    for (const element of panel.querySelectorAll("[data-label]")) element.setAttribute("aria-label", say(element.dataset.label));
    for (const one of ["en", "es"]) $(`lang-${one}`).setAttribute("aria-pressed", one === wanted);
    showConsent();
    if (idleFor) idle(idleFor);
  }

  // The firm's own line; what is asked and recorded is the server's question below it.
  function showConsent() {
    const text = settings.consentText[language];
    const link = settings.privacyLink[language];
    const line = $("consent");
    line.textContent = "";
    line.hidden = !text;
    linked(line, `${text} `);
    if (link) line.append(outside(link, say("privacy")));
  }

  function idle(seconds) {
    const first = !idleFor;
    idleFor = seconds;
    const text = seconds ? say("still").replace("{n}", seconds) : "";
    put("idle", text);
    if (seconds && (first || seconds === LAST_WARNING)) announce(text);
  }

  return {
    panel,
    $,
    place: panel,
    announce,
    scrollTo,
    translate,
    idle,
    append: (item) => $("log").append(item),
    problem: (text) => ($("problem").textContent = text),
    working(is) {
      $("working").hidden = !is;
      clearTimeout(workingTimer);
      if (is) workingTimer = setTimeout(() => announce(say("working")), WORKING_TOLD_AFTER);
    },
    starting(text, progress) {
      put("starting", text);
      $("starting-bar").value = progress;
    },
    // A neutral line in the place of a conversation.
    ended(text) {
      put("ended", text);
      if (text) announce(text);
    },
    // What the last message waits for.
    expect(what) {
      $("date").hidden = what !== "date";
      if (what !== "date") $("day").value = "";
    },
    tour(questions) {
      $("tour-questions").replaceChildren(...questions.map((question) => button(question, () => on.said(question))));
      $("tour").hidden = !questions.length;
    },
    empty() {
      clearTimeout(workingTimer);
      panel.querySelector("iframe")?.remove();
      for (const id of ["log", "announcer", "problem"]) $(id).textContent = "";
      for (const id of ["working", "starting", "date", "idle", "ended"]) $(id).hidden = true;
      $("text").value = $("day").value = "";
      $("text").style.height = "";
      idleFor = null;
    },
  };
}

// Without a role: head and foot of a dialog must not count as those of the page.
function header({ settings, site, on }) {
  const language = (code, name) => button(name, () => on.language(code), { id: `lang-${code}`, lang: code });
  return node("header", [
    node(settings.page ? "h1" : "h2", site.firm || "Faro", { id: "title", tabIndex: -1 }),
    node("div", [
      pictured("menu", "more", ICONS.menu, on.menu, { "aria-expanded": "false", "aria-controls": "menu" }),
      !settings.page && pictured("close", "close", ICONS.close, on.close),
    ], { className: "tools" }),
    worded("p", "role", { className: "role" }),
    node("div", [language("en", "English"), language("es", "Español")], { className: "languages", role: "group", "aria-label": "Language / Idioma" }),
    button([icon(ICONS.leave), worded("span", "exit")], on.exit, { id: "exit", "aria-describedby": "exit-how" }),
    worded("p", "exitHow", { id: "exit-how", className: "hidden" }),
  ], { role: "none" });
}

// Announced by the one announcer: a log that speaks by itself says old messages again.
function conversation(on) {
  return node("div", [
    later("p", "consent"),
    later("section", "tour", [worded("p", "tour"), node("div", "", { id: "tour-questions", className: "choices" })]),
    node("ol", "", { id: "log" }),
    later("p", "working", "•••", { "aria-hidden": "true" }),
    later("div", "ended", [node("p", "", { id: "ended-text" }), pressed("restart", "restart", on.restart)]),
  ], { id: "scroll", role: "log", "aria-live": "off", tabIndex: 0, "data-label": "log" });
}

function footer({ site, on }) {
  const phone = site.emergency_phone;
  return node("footer", [
    later("div", "idle", [node("p", "", { id: "idle-text" }), pressed("stay", "stay", on.stay)]),
    later("div", "date", [
      worded("label", "date", { htmlFor: "day" }),
      node("input", "", { id: "day", type: "date" }),
      pressed("useDate", "use-date", on.date),
    ]),
    node("p", [
      worded("span", "urgent"), " ", node("a", "911", { href: "tel:911" }),
      phone && [" · ", node("a", phone, { href: `tel:${phone}` })],
    ], { className: "urgent" }),
    node("form", [
      worded("label", "label", { htmlFor: "text" }),
      node("div", [
        node("textarea", "", { id: "text", rows: 1, maxLength: 20000, enterKeyHint: "send", autocomplete: "off", spellcheck: false }),
        worded("button", "send", { type: "submit", id: "send" }),
      ], { className: "entry" }),
    ], { id: "form", autocomplete: "off" }),
    node("div", [pressed("person", "person", on.person), pressed("emergency", "emergency", on.emergency)], { className: "help" }),
  ], { role: "none" });
}
