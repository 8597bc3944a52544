// A date can be kept: as a calendar file, on paper, as text. All of it is in the language of the answer.
// A summary without a date of its own is printed as it stands in the conversation.
import { DATES, call, explain } from "./api.js";
import { newId, node, worker } from "./dom.js";
import { printItem } from "./print.js";
import { asText, thisDay } from "./text.js";

// How long the browser may take to tell that the site's policy forbids the form.
const POLICY_TOLD = 1500;

export function keepOf(message, chat) {
  const { calculation, inputs, today, calendar_until: until, labels } = message.keep;
  const lang = message.language;
  const say = (key) => chat.say(key, lang);
  const asked = { calculation, inputs, today, lang };
  const box = node("div", "", { className: "keep" });
  const group = box.appendChild(node("div", "", { className: "choices", role: "group", "aria-label": say("keep") }));
  const told = box.appendChild(node("p", "", { className: "told", hidden: true }));

  function tell(text, wrong = false) {
    told.textContent = text;
    told.classList.toggle("wrong", wrong);
    told.hidden = !text;
    box.querySelector("textarea")?.remove();
    if (text) chat.view.announce(text, lang);
  }

  const add = (label, act) => group.append(worker(label, act, (error) => tell(explain(error, say), true)));

  // Nothing is put into a calendar that lies behind; a conversation can be opened again days later.
  if (until && until >= thisDay()) {
    add(labels.calendar, async () => {
      tell("");
      await saveCalendar(chat.settings.server, asked, box);
      tell(say("saved"));
    });
  }
  add(labels.print, () => {
    const onPaper = () => printItem(box.closest("li"), chat.view.place);
    if (!calculation) return onPaper();
    if (!navigator.onLine) return tell(say("cut"), true);
    tell(say("printing"));
    openSheet(chat, asked, box, () => {
      tell("");
      onPaper();
    });
  });
  add(labels.copy, async (pressed) => {
    const text = asText(message, say);
    if (await copied(text, box, pressed)) return tell(say("copied"));
    tell(say("byHand"));
    const field = node("textarea", "", { value: text, readOnly: true, rows: 6, "aria-label": say("byHand") });
    box.append(field);
    field.focus();
    field.select();
    field.scrollTop = 0;
  });
  return box;
}

async function saveCalendar(server, asked, place) {
  const response = await call(`${server}${DATES}/calendar`, { method: "POST", body: asked, language: asked.lang });
  const [, name = "date.ics"] = /filename="([\w-]+\.ics)"/.exec(response.headers.get("Content-Disposition")) || [];
  const link = node("a", "", { href: URL.createObjectURL(await response.blob()), download: name });
  place.append(link);
  link.click();
  link.remove();
  // Phones ask first, and read the file after the answer.
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

// A form, so that the facts stand in no address; a tab with a name, so that leaving fast can close it.
function openSheet(chat, asked, place, forbidden) {
  const name = `sheet${newId()}`;
  const sheet = window.open("", name);
  if (sheet) chat.sheets.push(sheet);
  // The site's policy may forbid forms to other servers.
  const control = new AbortController();
  document.addEventListener("securitypolicyviolation", (event) => {
    if (event.effectiveDirective !== "form-action") return;
    control.abort();
    sheet?.close();
    forbidden();
  }, control);
  setTimeout(() => control.abort(), POLICY_TOLD);
  const field = node("input", "", { type: "hidden", name: "request", value: JSON.stringify(asked) });
  const form = node("form", field, { method: "post", action: `${chat.settings.server}${DATES}/page`, target: sheet ? name : "_blank" });
  place.append(form);
  form.submit();
  form.remove();
}

async function copied(text, place, pressed) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch { /* refused, or not there without HTTPS: the old way */ }
  const field = place.appendChild(node("textarea", "", { value: text, readOnly: true, className: "hidden" }));
  field.focus({ preventScroll: true });
  field.setSelectionRange(0, text.length);
  let done = false;
  try {
    done = document.execCommand("copy");
  } catch { /* not there either */ }
  field.remove();
  pressed.focus({ preventScroll: true });
  return done;
}
