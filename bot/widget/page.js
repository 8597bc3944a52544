// The chat page: a thin client of the chat API and of the deadline API (docs/api.md). Everything that is shown is set as text,
// never as markup, so that no message can become code.

const API = "/api/chat/v1";
const DATES = "/api/deadlines/v1";
const KEPT = "faro"; // session storage only: it ends with the tab
const NEUTRAL = "https://www.weather.gov/";
const RETRY = [1000, 2000, 4000, 8000];

const WORDS = {
  en: {
    skip: "Skip to the question box", role: "A computer program, not a lawyer", exit: "Leave fast",
    label: "Your question", send: "Send", person: "Talk to a person", emergency: "Emergency",
    log: "Conversation", you: "You", sources: "Sources and age of the facts", checked: "checked",
    facts: "Facts checked to", helped: "Did this help?", yes: "Yes", no: "No", rated: "Thank you.",
    choices: "You can choose", also: "You can also ask about:", starting: "Getting ready. You can already write", offline: "No connection. Your message is sent as soon as it is back.",
    lost: "This message was not sent.", again: "Send again", working: "Writing an answer", gone: "This conversation has ended. A new one has begun.", tour: "Try one of these",
    keep: "Keep this answer", saved: "A file was saved. Open it to add the date to your calendar.", copied: "Copied.",
    printing: "The page to print is in a new tab.", byHand: "This browser does not copy by itself. Select the text here and copy it.",
    more: "What comes next, what to bring, help",
    cut: "No connection. Please try again in a moment.", failed: "That did not work. Please try again in a moment.",
  },
  es: {
    skip: "Ir a la pregunta", role: "Un programa de computadora, no un abogado", exit: "Salir rápido",
    label: "Su pregunta", send: "Enviar", person: "Hablar con alguien", emergency: "Emergencia",
    log: "Conversación", you: "Usted", sources: "Fuentes y fecha de los datos", checked: "revisado el",
    facts: "Datos revisados hasta el", helped: "¿Le ayudó esta respuesta?", yes: "Sí", no: "No", rated: "Gracias.",
    choices: "Puede elegir", also: "También puede preguntar sobre:", starting: "Ya casi. Puede escribir desde ahora", offline: "No hay conexión. Su mensaje se envía en cuanto vuelva.",
    lost: "Este mensaje no se envió.", again: "Enviar otra vez", working: "Escribiendo la respuesta", gone: "La conversación terminó. Empezó una nueva.", tour: "Pruebe una de estas",
    keep: "Guardar esta respuesta", saved: "Se guardó un archivo. Ábralo para añadir la fecha a su calendario.", copied: "Copiado.",
    printing: "La página para imprimir está en otra pestaña.", byHand: "Este navegador no copia por sí solo. Seleccione aquí el texto y cópielo.",
    more: "Qué sigue, qué llevar, ayuda",
    cut: "No hay conexión. Inténtelo otra vez en un minuto.", failed: "No funcionó. Inténtelo otra vez en un minuto.",
  },
};

// `make demo` opens the page with ?demo: it then suggests questions.
const TOUR = new URLSearchParams(location.search).has("demo") ? "/static/tour.json" : "";

const $ = (id) => document.getElementById(id);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");

let language = (navigator.language || "en").toLowerCase().startsWith("es") ? "es" : "en";
let kept = null; // {conversation, token}
let cursor = 0;
let events = null;
let ready = false;
let queue = Promise.resolve();
let waiting = 0;
const shown = new Set();
const later = []; // came by stream while this tab waited for its own answer
const mine = new Map(); // client message id -> list item shown before the server confirmed it
const sheets = []; // tabs with a page to print, closed by leaving fast

const word = (key) => WORDS[language][key];

function translatePage() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = word(element.dataset.text);
  $("log").setAttribute("aria-label", word("log"));
  $("lang-en").setAttribute("aria-pressed", String(language === "en"));
  $("lang-es").setAttribute("aria-pressed", String(language === "es"));
  showTour();
}

async function showTour() {
  if (!TOUR) return;
  const questions = await (await fetch(TOUR)).json();
  const buttons = questions[language].map((question) => {
    const button = node("button", question, { type: "button" });
    button.addEventListener("click", () => send({ text: question }, question));
    return button;
  });
  $("tour-questions").replaceChildren(...buttons);
  $("tour").hidden = false;
}

function node(tag, text, properties = {}) {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  return Object.assign(element, properties);
}

// Web addresses and phone numbers can be pressed; 911 and 988 too, for someone whose hands shake.
const PRESSABLE = /(https:\/\/[^\s)]+[^\s).,;:])|(?<![\d$])(1-\d{3}-\d{3}-\d{4}|\d{3}-\d{3}-\d{4}|\d{3}-\d{4}|911|988)(?![\d-])/g;

function linked(element, text) {
  let end = 0;
  for (const found of text.matchAll(PRESSABLE)) {
    element.append(text.slice(end, found.index));
    end = found.index + found[0].length;
    const link = node("a", found[0]);
    if (found[1]) Object.assign(link, { href: found[1], rel: "noopener noreferrer", target: "_blank" });
    else link.href = `tel:${found[0]}`;
    element.append(link);
  }
  element.append(text.slice(end));
  return element;
}

function paragraphs(text) {
  // Plain text: blank lines part paragraphs, "- " starts an item of a list.
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

function sourcesOf(message) {
  const box = node("details");
  box.append(node("summary", word("sources")));
  if (message.facts_checked) box.append(node("p", `${word("facts")} ${inWords(message.facts_checked)}.`));
  const list = box.appendChild(node("ul"));
  for (const source of message.sources) {
    const item = list.appendChild(node("li"));
    if (/^https:\/\//.test(source.url || "")) {
      item.append(node("a", source.cite, { href: source.url, rel: "noopener noreferrer", target: "_blank" }));
    } else {
      item.append(source.cite);
    }
    item.append(` (${word("checked")} ${inWords(source.checked)})`);
  }
  return box;
}

function inWords(iso, lang = language) {
  return new Date(`${iso}T12:00:00Z`).toLocaleDateString(lang === "es" ? "es-US" : "en-US", {
    day: "numeric", month: "long", year: "numeric", timeZone: "UTC",
  });
}

// A date can be kept: as a calendar file, on paper, as text. All of it is in the language of the answer.
// A summary without a date of its own is printed as it stands here.
function keepOf(message) {
  const { calculation, inputs, today, calendar_until: until, labels } = message.keep;
  const lang = message.language;
  const say = (key) => (WORDS[lang] || WORDS[language])[key];
  const asked = JSON.stringify({ calculation, inputs, today, lang });
  const box = node("div", "", { className: "keep" });
  const group = box.appendChild(node("div", "", { className: "choices" }));
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", say("keep"));
  const told = box.appendChild(node("p", "", { className: "told", hidden: true }));

  function tell(text, wrong = false) {
    told.textContent = text;
    told.classList.toggle("wrong", wrong);
    told.hidden = !text;
    box.querySelector("textarea")?.remove();
    if (text) announce(text, lang);
  }

  function add(label, act) {
    const button = node("button", label, { type: "button" });
    button.addEventListener("click", async () => {
      if (button.getAttribute("aria-busy") === "true") return;
      button.setAttribute("aria-busy", "true");
      try {
        await act(button);
      } catch (error) {
        tell(error.told || say("failed"), true);
      } finally {
        button.removeAttribute("aria-busy");
      }
    });
    group.append(button);
  }

  // Nothing is put into a calendar that lies behind; a conversation can be opened again days later.
  if (until && until >= thisDay()) {
    add(labels.calendar, async () => {
      tell("");
      await saveCalendar(asked, lang, say);
      tell(say("saved"));
    });
  }
  add(labels.print, () => {
    if (!calculation) return printAlone(box.closest("li"));
    if (navigator.onLine === false) return tell(say("cut"), true);
    openSheet(asked);
    tell(say("printing"));
  });
  add(labels.copy, async (button) => {
    const text = asText(message, lang, say);
    if (await copied(text, box, button)) return tell(say("copied"));
    tell(say("byHand"));
    const field = node("textarea", "", { value: text, readOnly: true, rows: 6 });
    field.setAttribute("aria-label", say("byHand"));
    box.append(field);
    field.focus();
    field.select();
    field.scrollTop = 0;
  });
  return box;
}

// Only this answer goes on paper, with what is folded away in it, and nothing of the rest of the conversation.
function printAlone(item) {
  const folded = [...item.querySelectorAll("details:not([open])")];
  for (const part of folded) part.open = true;
  item.classList.add("printed");
  document.body.classList.add("printing");
  addEventListener("afterprint", () => {
    document.body.classList.remove("printing");
    item.classList.remove("printed");
    for (const part of folded) part.open = false;
  }, { once: true });
  print();
}

function thisDay() {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60000).toISOString().slice(0, 10);
}

async function saveCalendar(asked, lang, say) {
  const headers = { "Content-Type": "application/json", Accept: "text/calendar, application/problem+json", "Accept-Language": lang };
  let file;
  let name;
  try {
    const response = await fetch(`${DATES}/calendar`, { method: "POST", headers, body: asked, signal: AbortSignal.timeout?.(15000) });
    if (!response.ok) {
      const wrong = await response.json().catch(() => ({}));
      throw Object.assign(new Error(wrong.code), { told: wrong.detail || say("failed") });
    }
    file = new Blob([await response.arrayBuffer()], { type: "text/calendar;charset=utf-8" });
    name = /filename="([\w-]+\.ics)"/.exec(response.headers.get("Content-Disposition") || "")?.[1] || "date.ics";
  } catch (error) {
    throw error.told ? error : Object.assign(error, { told: say("cut") });
  }
  const link = node("a", "", { href: URL.createObjectURL(file), download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  // Phones ask first, and read the file after the answer.
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

function openSheet(asked) {
  // A form, so that the facts stand in no address; a tab with a name, so that leaving fast can close it.
  const name = `sheet${newId()}`;
  const sheet = window.open("", name);
  if (sheet) sheets.push(sheet);
  const form = node("form", "", { method: "post", action: `${DATES}/page`, target: sheet ? name : "_blank", hidden: true });
  form.append(node("input", "", { type: "hidden", name: "request", value: asked }));
  document.body.append(form);
  form.submit();
  form.remove();
}

function asText(message, lang, say) {
  const lines = [message.title, message.full || message.text, ...(message.notes || [])];
  if ((message.sources || []).length) {
    const list = message.sources.map((source) => `- ${[source.cite, source.url].filter(Boolean).join(", ")} (${say("checked")} ${inWords(source.checked, lang)})`);
    lines.push([`${say("sources")}:`, ...list].join("\n"));
  }
  return lines.filter(Boolean).join("\n\n");
}

async function copied(text, box, button) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch { /* refused, or not there without HTTPS: the old way */ }
  const field = node("textarea", "", { value: text, readOnly: true, className: "hidden" });
  box.append(field);
  field.focus({ preventScroll: true });
  field.setSelectionRange(0, text.length);
  let done = false;
  try {
    done = document.execCommand("copy");
  } catch { /* not there either */ }
  field.remove();
  button.focus({ preventScroll: true });
  return done;
}

// A summary begins with what matters most; the rest of it is folded.
function bodyOf(message) {
  const { text, full } = message;
  if (!message.picture || !full.startsWith(text) || full === text) return [paragraphs(full || text)];
  const more = node("details", "", { className: "more" });
  more.append(node("summary", word("more")), paragraphs(full.slice(text.length)));
  return [paragraphs(text), pictureOf(message.picture), more];
}

// As an image, so that nothing in it can become code; what it shows stands in its alternative text.
function pictureOf({ svg, svg_dark: dark, text }) {
  const address = (drawing) => `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawing)}`;
  const both = node("picture");
  both.append(node("source", "", { srcset: address(dark), media: "(prefers-color-scheme: dark)" }));
  both.append(node("img", "", { className: "picture", src: address(svg), alt: text }));
  return both;
}

function ratingOf(message) {
  const box = node("div", "", { className: "rating" });
  box.append(node("span", word("helped")));
  for (const [rating, text] of [["up", word("yes")], ["down", word("no")]]) {
    const button = node("button", text, { type: "button" });
    button.addEventListener("click", async () => {
      await call("POST", `/messages/${message.id}/rating`, { rating });
      box.replaceChildren(node("span", word("rated")));
      announce(word("rated"));
    });
    box.append(button);
  }
  return box;
}

function show(message) {
  if (shown.has(message.id)) return null;
  shown.add(message.id);
  if (message.author === "visitor") {
    const early = mine.get(message.client_message_id);
    if (early) {
      mine.delete(message.client_message_id);
      return null;
    }
  }
  const item = node("li", "", { className: `${message.author} ${message.kind || ""}`, lang: message.language || language });
  item.append(node("span", `${message.author === "visitor" ? word("you") : "Faro"}: `, { className: "hidden" }));
  if (message.author === "visitor") {
    item.append(message.text);
  } else {
    if (message.title) item.append(node("h2", message.title));
    item.append(...bodyOf(message));
    for (const note of message.notes || []) item.append(node("p", note, { className: "note" }));
    if ((message.sources || []).length) item.append(sourcesOf(message));
    if (message.keep) item.append(keepOf(message));
    if (message.kind === "answer") item.append(ratingOf(message));
    if ((message.choices || []).length) {
      const group = node("div", "", { className: "choices" });
      group.setAttribute("role", "group");
      group.setAttribute("aria-label", word("choices"));
      if (message.kind === "answer") group.append(node("span", word("also"), { className: "also" }));
      for (const choice of message.choices) {
        const button = node("button", choice.title, { type: "button" });
        button.addEventListener("click", () => send({ choice: choice.id }, choice.title));
        group.append(button);
      }
      item.append(group);
    }
    const spoken = [message.title, message.text, ...(message.notes || []), ...(message.choices || []).map((c) => c.title)];
    announce(spoken.filter(Boolean).join(". "), message.language);
  }
  $("log").append(item);
  return item;
}

function showAll(messages) {
  // Several messages that come together begin in sight, the first one first.
  const items = messages.map(show).filter(Boolean);
  if (items.length) scroll(items[0], "bot");
}

function scroll(item, author) {
  // One's own words go to the end; a long answer begins in sight, with the question above it when that is short.
  const main = document.querySelector("main");
  const asked = item.previousElementSibling;
  const first = asked && asked.classList.contains("visitor") && asked.offsetHeight < 120 ? asked : item;
  const top = author === "visitor" ? main.scrollHeight : first.offsetTop - 12;
  main.scrollTo({ top, behavior: "auto" });
}

function announce(text, lang) {
  const announcer = $("announcer");
  announcer.lang = lang || language;
  announcer.append(node("span", `${text} `));
  while (announcer.childNodes.length > 6) announcer.firstChild.remove();
}

function problem(text) {
  $("problem").textContent = text || "";
}

async function call(method, path, body) {
  const headers = { Accept: "application/json", "Accept-Language": language };
  if (kept) headers.Authorization = `Bearer ${kept.token}`;
  if (body) headers["Content-Type"] = "application/json";
  const base = kept ? `${API}/conversations/${kept.conversation}` : `${API}/conversations`;
  const response = await fetch(`${base}${path}`, { method, headers, body: body ? JSON.stringify(body) : undefined });
  if (response.status === 204) return null;
  const data = await response.json();
  if (!response.ok) throw Object.assign(new Error(data.detail || data.title), { code: data.code, status: response.status, after: Number(response.headers.get("Retry-After")) });
  return data;
}

async function begin() {
  kept = null;
  cursor = 0;
  shown.clear();
  $("log").replaceChildren();
  // Which day it is for the person, and with it how many are left, depends on where they are.
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  const started = await call("POST", "", timeZone ? { language, timezone: timeZone.slice(0, 64) } : { language });
  kept = { conversation: started.conversation, token: started.token };
  sessionStorage.setItem(KEPT, JSON.stringify(kept));
  take(started);
}

// Only the stream and a reload move the cursor: they bring every message, an answer to a post only the bot's.
function follow(messages) {
  cursor = Math.max(cursor, ...messages.map((message) => message.seq));
  if (waiting) later.push(...messages);
  else showAll(messages);
}

function take(answer) {
  if (answer.language && answer.language !== language && WORDS[answer.language]) {
    language = answer.language;
    translatePage();
  }
  showAll(answer.messages);
}

async function resume() {
  try {
    kept = JSON.parse(sessionStorage.getItem(KEPT) || "null");
    if (kept) {
      const before = await call("GET", "/messages?after=0");
      take({ ...before, messages: [] });
      follow(before.messages);
      return scroll($("log").lastElementChild || $("log"), "bot");
    }
  } catch (error) {
    if (!error.status) throw error;
  }
  return begin();
}

function listen() {
  // EventSource cannot send a header, so the stream is read with fetch.
  if (events) events.abort();
  const control = (events = new AbortController());
  const here = kept;
  (async () => {
    for (let tries = 0; !control.signal.aborted && kept === here; tries += 1) {
      try {
        const response = await fetch(`${API}/conversations/${here.conversation}/events?after=${cursor}`, {
          headers: { Authorization: `Bearer ${here.token}`, Accept: "text/event-stream" }, signal: control.signal,
        });
        if (!response.ok) return;
        tries = 0;
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        let rest = "";
        for (let part = await reader.read(); !part.done; part = await reader.read()) {
          const blocks = (rest + part.value).split("\n\n");
          rest = blocks.pop();
          for (const block of blocks) {
            const data = block.split("\n").filter((l) => l.startsWith("data:")).map((l) => l.slice(5).trim()).join("\n");
            if (data) follow([JSON.parse(data)]);
          }
        }
      } catch { /* the connection ended: try again below */ }
      await pause(RETRY[Math.min(tries, RETRY.length - 1)]);
    }
  })();
}

function send(what, text) {
  problem("");
  const id = newId();
  const item = node("li", "", { className: "visitor", lang: language });
  item.append(node("span", `${word("you")}: `, { className: "hidden" }), text);
  $("log").append(item);
  scroll(item, "visitor");
  deliver(id, what, item);
}

function deliver(id, what, item) {
  // One message after the other, so that a hurried person is answered in order.
  mine.set(id, item);
  item.classList.remove("lost");
  waiting += 1;
  $("working").hidden = false;
  queue = queue.then(() => attempt(id, what, item)).finally(() => {
    waiting -= 1;
    if (waiting) return;
    $("working").hidden = true;
    showAll(later.splice(0));
  });
}

async function attempt(id, what, item) {
  // Who writes before the conversation has begun is heard when it has.
  while (!kept) await pause(100);
  for (let tries = 0; ; tries += 1) {
    try {
      const answer = await call("POST", "/messages", { client_message_id: id, ...what });
      problem("");
      return take(answer);
    } catch (error) {
      if (error.code === "conversation_gone" || error.status === 401) {
        await begin();
        listen();
        return problem(word("gone"));
      }
      const temporary = !error.status || error.status === 429 || error.status >= 500;
      if (!temporary || tries >= 6) {
        mine.delete(id);
        item.classList.add("lost");
        const again = node("button", word("again"), { type: "button" });
        again.addEventListener("click", () => { again.remove(); deliver(id, what, item); });
        if (temporary) item.append(node("br"), again);
        return problem(error.status ? error.message : word("lost"));
      }
      problem(error.status ? error.message : word("offline"));
      await pause(error.after ? Math.min(error.after * 1000, 10000) : RETRY[Math.min(tries, RETRY.length - 1)]);
    }
  }
}

async function watchStart() {
  while (!ready) {
    try {
      const status = await (await fetch(`${API}/status`)).json();
      ready = status.ready;
      $("starting").hidden = ready;
      $("starting-bar").value = status.progress;
      const text = `${word("starting")} (${status.step[language]}).`;
      if ($("starting-text").textContent !== text) $("starting-text").textContent = text;
    } catch { /* the gateway is starting too */ }
    if (!ready) await pause(1000);
  }
  $("starting").hidden = true;
}

async function setLanguage(wanted) {
  if (wanted === language) return;
  language = wanted;
  translatePage();
  send({ text: wanted === "es" ? "en español por favor" : "in English please" }, WORDS[wanted] === WORDS.es ? "En español, por favor" : "In English, please");
}

$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  $("text").focus();
  if (!text) return;
  $("text").value = "";
  $("text").style.height = "";
  send({ text }, text);
});
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("form").requestSubmit();
  }
});
$("text").addEventListener("input", () => {
  $("text").style.height = "";
  $("text").style.height = `${Math.min($("text").scrollHeight + 2, 144)}px`;
});
$("person").addEventListener("click", () => send({ text: language === "es" ? "quiero hablar con una persona" : "I want to talk to a person" }, word("person")));
$("emergency").addEventListener("click", () => send({ text: language === "es" ? "emergencia" : "emergency" }, word("emergency")));
$("lang-en").addEventListener("click", () => setLanguage("en"));
$("lang-es").addEventListener("click", () => setLanguage("es"));
$("exit").addEventListener("click", () => {
  sessionStorage.clear();
  for (const sheet of sheets) sheet.close();
  document.documentElement.replaceChildren();
  location.replace(NEUTRAL);
});

translatePage();
watchStart();
(async () => {
  for (let tries = 0; ; tries += 1) {
    try {
      await resume();
      return listen();
    } catch {
      await pause(RETRY[Math.min(tries, RETRY.length - 1)]);
    }
  }
})();
