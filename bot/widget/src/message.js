// One message as an item of the conversation.
import { explain } from "./api.js";
import { button, node, worker } from "./dom.js";
import { keepOf } from "./keep.js";
import { dayInWords, linked, outside, paragraphs } from "./text.js";

export function mineOf(text, chat) {
  return node("li", [node("span", `${chat.say("you")}: `, { className: "hidden" }), text], { className: "visitor", lang: chat.language });
}

export function messageOf(message, chat) {
  const lang = message.language;
  return node("li", [
    node("span", "Faro: ", { className: "hidden" }),
    chat.reader.buttonFor(spoken(message, true), lang, (key) => chat.say(key, lang)),
    message.title && node(chat.settings.page ? "h2" : "h3", message.title),
    bodyOf(message, chat),
    message.notes.map((note) => linked(node("p", "", { className: "note" }), note)),
    message.sources.length > 0 && sourcesOf(message, chat),
    message.keep && keepOf(message, chat),
    message.kind === "answer" && ratingOf(message, chat),
    message.choices.length > 0 && choicesOf(message, chat),
  ], { className: `bot ${message.kind}`, lang });
}

// What a screen reader says when the message comes (its short form), and what the listen button reads (all of it).
export function spoken(message, whole = false) {
  const parts = [message.title, (whole && message.full) || message.text, ...message.notes, ...message.choices.map((choice) => choice.title)];
  return parts.filter(Boolean).join(whole ? ".\n" : ". ");
}

// A summary begins with what matters most; the rest of it is folded.
function bodyOf(message, chat) {
  const { text, full, picture } = message;
  if (!picture) return [paragraphs(full || text)];
  if (!full || !full.startsWith(text) || full === text) return [paragraphs(full || text), pictureOf(picture)];
  const more = [node("summary", chat.say("more", message.language)), paragraphs(full.slice(text.length))];
  return [paragraphs(text), pictureOf(picture), node("details", more, { className: "more" })];
}

export const svgAddress = (drawing) => `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawing)}`;

// As an image, so that nothing in it can become code. Where the site's policy forbids such images, its words stand there.
function pictureOf({ svg, svg_dark: dark, text }) {
  const image = node("img", "", { className: "picture", alt: text, src: svgAddress(svg) });
  const both = node("picture", [node("source", "", { srcset: svgAddress(dark), media: "(prefers-color-scheme: dark)" }), image]);
  image.addEventListener("error", () => both.replaceWith(node("p", text)), { once: true });
  return both;
}

function sourcesOf(message, chat) {
  const lang = message.language;
  const list = message.sources.map((source) => node("li", [
    /^https:\/\//.test(source.url) ? outside(source.url, source.cite) : source.cite,
    ` (${chat.say("checked", lang)} ${dayInWords(source.checked, lang)})`,
  ]));
  return node("details", [
    node("summary", chat.say("sources", lang)),
    message.facts_checked && node("p", `${chat.say("facts", lang)} ${dayInWords(message.facts_checked, lang)}.`),
    node("ul", list),
  ]);
}

function ratingOf(message, chat) {
  const lang = message.language;
  const say = (key) => chat.say(key, lang);
  const rate = (key, rating) => worker(say(key), async () => {
    await chat.call("POST", `/messages/${message.id}/rating`, { rating });
    box.textContent = say("rated");
    chat.view.announce(say("rated"), lang);
    // The pressed button is gone: the next Tab goes on from here.
    box.focus({ preventScroll: true });
  }, (error) => chat.view.problem(explain(error, say)));
  const inside = message.rating ? say("rated") : [say("helped"), rate("yes", "up"), rate("no", "down")];
  const box = node("div", inside, { className: "rating", role: "group", "aria-label": say("helped"), tabIndex: -1 });
  return box;
}

function choicesOf(message, chat) {
  const lang = message.language;
  return node("div", [
    message.kind === "answer" && node("span", chat.say("also", lang), { className: "also" }),
    ...message.choices.map((choice) => button(choice.title, () => chat.send({ choice: choice.id }, choice.title))),
  ], { className: "choices", role: "group", "aria-label": chat.say("choices", lang) });
}
