// <faro-chat>: a button at the corner of any site, or the whole of a page, that opens a conversation with Faro.
import { callJson } from "./api.js";
import { Chat } from "./chat.js";
import { ICONS, button, icon, node, pauseForChance } from "./dom.js";
import { leaveFast, watchShift } from "./exit.js";
import { putAwayOld, watchIdle } from "./idle.js";
import { dress, paint } from "./look.js";
import { createMenu } from "./menu.js";
import { createPanel } from "./panel.js";
import { firstLanguage, onThisPage, readSettings } from "./settings.js";
import { openStore } from "./storage.js";
import { dayInWords } from "./text.js";
import { createView } from "./view.js";
import { SAID, WORDS } from "./words.js";

const TAG = "faro-chat";
const SCRIPT = document.currentScript;
const SITE_RETRY = 60000;
const TALLEST_ENTRY = 144; // CSS px
// What a site's own scripts must not read along: they listen for these on the document.
const PRIVATE = "keydown keyup keypress beforeinput input change compositionupdate compositionend cut copy paste".split(" ");

let running = false; // one on a page

class FaroChat extends HTMLElement {
  #shadow = null;
  #control = null;

  connectedCallback() {
    if (this.#control) return;
    if (running) return console.warn("faro-chat: there are two on this page. Take one of them out.");
    running = true;
    this.#control = new AbortController();
    const settings = readSettings(this, SCRIPT && SCRIPT.src);
    const { signal } = this.#control;
    if (!settings.page && !onThisPage(settings.pages, location.pathname)) return this.#root();
    afterLoad(settings.page, () => signal.aborted || this.#begin(settings, signal));
  }

  disconnectedCallback() {
    if (!this.#control) return;
    this.#control.abort();
    this.#control = null;
    running = false;
  }

  // Closed: scripts that record visits read what stands in open ones. From here on, what stands inside the element is not shown.
  #root() {
    if (!this.#shadow) {
      this.#shadow = this.attachShadow({ mode: "closed" });
      for (const type of PRIVATE) this.addEventListener(type, (event) => event.stopPropagation());
    }
    this.#shadow.replaceChildren();
    return this.#shadow;
  }

  async #begin(settings, signal) {
    const store = openStore();
    putAwayOld(store, settings.idleMinutes);
    const site = store.read().site || (await this.#askSite(settings, signal));
    if (!site || signal.aborted) return;
    if (!site.allowed) {
      this.#root();
      console.error(
        `faro-chat: ${settings.server} does not allow ${location.origin}. Add it to FARO_ALLOWED_ORIGINS there and restart the gateway.`,
      );
      return;
    }
    store.write({ site });
    const shadow = this.#root();
    dress(shadow);
    const root = shadow.appendChild(node("div", "", { className: `root ${settings.position}${settings.page ? " page" : ""}` }));
    paint(root, settings.colour);
    run({ settings, site, store, root, signal });
  }

  // Whether this site may show the chat. As long as nobody can tell, what stands inside the element stays there.
  async #askSite(settings, signal) {
    const { server } = settings;
    let told = false;
    while (!signal.aborted) {
      try {
        return await callJson(`${server}/widget/site.json`);
      } catch { /* told below */ }
      if (!told) {
        console.error(`faro-chat: ${server} cannot be reached, or connect-src in the policy of this page does not name it.`);
        if (!this.childNodes.length) this.append(node("a", WORDS[firstLanguage(settings)].launcher, { href: `${server}/chat` }));
      }
      told = true;
      await pauseForChance(SITE_RETRY);
    }
    return null;
  }
}

// The page comes first: nothing is done before it has loaded and has nothing better to do.
function afterLoad(now, act) {
  if (now) return act();
  const later = () => (window.requestIdleCallback || setTimeout)(act);
  if (document.readyState === "complete") later();
  else addEventListener("load", later, { once: true });
}

// Everything of one element, from the launcher to the conversation; `signal` ends it.
function run({ settings, site, store, root, signal }) {
  let language = store.read().language || firstLanguage(settings);
  let news = false;
  // There once it was opened.
  let view, chat, panel, menu, used;

  const launcher = !settings.page && button(
    [icon(ICONS.talk), node("span", "", { id: "launcher-text" }), node("span", "", { id: "news" })],
    () => open(true),
    { id: "launcher", "aria-expanded": "false", "aria-controls": "panel" },
  );
  const say = (what, text) => chat.send({ text: what }, text);
  const on = {
    said: (text) => say(text, text),
    person: () => say(SAID[language].person, WORDS[language].person),
    emergency: () => say(SAID[language].emergency, WORDS[language].emergency),
    exit: () => leaveFast(chat),
    close: () => panel.close(),
    menu: () => menu.toggle(),
    stay() {
      used();
      view.$("text").focus();
    },
    restart() {
      view.ended("");
      chat.ready();
      on.stay();
    },
    date() {
      const field = view.$("day");
      if (!field.value) return field.focus();
      on.said(dayInWords(field.value, language, "en-GB"));
      on.stay();
    },
    language(wanted) {
      if (wanted === language) return;
      chat.language = wanted;
      translated();
      if (chat.kept) chat.switchTo(wanted);
    },
  };

  if (launcher) {
    root.append(launcher);
    aboveAll(root);
    relabel();
  }
  if (!launcher || store.read().open) open(false);

  function relabel() {
    if (!launcher) return (document.documentElement.lang = language);
    const [, text, sign] = launcher.children;
    root.lang = language;
    text.textContent = settings.launcherText[language] || WORDS[language].launcher;
    sign.textContent = WORDS[language].news;
    sign.hidden = !news;
  }

  function open(pressed) {
    if (!chat) build();
    if (pressed) used();
    news = false;
    relabel();
    panel.open(pressed);
    if (view.$("ended").hidden) chat.ready();
  }

  function build() {
    view = createView({ settings, site, on });
    root.append(view.panel);
    chat = new Chat({ settings, site, store, view, language, translated, arrived, used: () => used() });
    menu = createMenu(chat);
    panel = createPanel({ view, page: settings.page, signal, changed });
    used = watchIdle({
      minutes: settings.idleMinutes, store, signal,
      running: () => chat.kept,
      warn: view.idle,
      away() {
        menu.close(false);
        chat.end("away");
      },
    });
    view.translate(language);
    watchKeys();
    watchTyping();
    watchShift({ active: panel.isOpen, told: (left) => view.announce(chat.say("shift").replace("{n}", left)), leave: on.exit, signal });
    // Nothing of it may come back with the back button: the page is emptied when it is left, and filled again from the
    // tab's storage, where leaving fast has left nothing.
    addEventListener("pagehide", () => chat.leave(), { signal });
    addEventListener("pageshow", (event) => event.persisted && comeBack(), { signal });
    signal.addEventListener("abort", () => {
      chat.leave();
      chat.channel.close();
    });
    tour();
  }

  function comeBack() {
    putAwayOld(store, settings.idleMinutes);
    view.ended("");
    if (!store.read().conversation) panel.close();
    if (panel.isOpen()) chat.ready();
  }

  function changed(is) {
    launcher.setAttribute("aria-expanded", is);
    root.classList.toggle("open", is);
    store.write({ open: is });
    if (is) return;
    chat.reader.stop();
    launcher.focus();
  }

  function arrived() {
    if (panel.isOpen()) return;
    news = true;
    relabel();
  }

  function translated() {
    language = chat.language;
    store.write({ language });
    view.translate(language);
    menu.translate();
    relabel();
    tour();
  }

  async function tour() {
    if (settings.tour) view.tour((await callJson(`${settings.server}/static/tour.json`))[language]);
  }

  function watchKeys() {
    // The button to stay must not be gone before it is released.
    for (const type of ["keydown", "pointerdown"]) view.panel.addEventListener(type, (event) => event.target.id === "stay" || used());
    view.panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.isComposing) return;
      event.preventDefault();
      if (!menu.close()) panel.close();
    });
  }

  function watchTyping() {
    const field = view.$("text");
    const form = view.$("form");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = field.value.trim();
      field.focus();
      if (!text) return;
      field.value = field.style.height = "";
      on.said(text);
    });
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    });
    field.addEventListener("input", () => {
      field.style.height = "";
      field.style.height = `${Math.min(field.scrollHeight + 2, TALLEST_ENTRY)}px`;
    });
  }
}

// The top layer: nothing of the site can lie above it or move it.
function aboveAll(root) {
  if (!root.showPopover) return;
  root.popover = "manual";
  root.showPopover();
}

// With the script tag alone the element is made at the end of the page; its settings are the tag's data- attributes.
function place() {
  if (!SCRIPT || document.querySelector(TAG)) return;
  const element = document.createElement(TAG);
  for (const { name, value } of SCRIPT.attributes) if (name.startsWith("data-")) element.setAttribute(name.slice(5), value);
  document.body.append(element);
}

// An older browser keeps what stands inside the element.
if ("adoptedStyleSheets" in document && !customElements.get(TAG)) {
  customElements.define(TAG, FaroChat);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", place, { once: true });
  else place();
}
