// The conversation: begun, resumed, followed, renewed, erased and put away.
import { CHAT, callJson, explain, isGone } from "./api.js";
import { pauseForChance, retryAfter } from "./dom.js";
import { createReader } from "./listen.js";
import { messageOf, spoken } from "./message.js";
import { createOutbox } from "./sending.js";
import { follow } from "./stream.js";
import { SAID, WORDS } from "./words.js";

// What the server says after a person has written that everything is to be erased.
const ERASED = ["erased", "erased_pending"];

export class Chat {
  kept = null; // {conversation, token}
  cursor = 0;
  sheets = []; // tabs with a page to print, closed by leaving fast
  #shown = new Set();
  #later = []; // came by stream while this tab waited for its own answer
  #starting = null;
  #unfollow = null;
  #life = 0;
  #ready = false;

  // `parts`: settings, site, store, view and language; used, translated and arrived are called.
  constructor(parts) {
    Object.assign(this, parts);
    this.reader = createReader(parts.used);
    this.outbox = createOutbox(this);
    // Other tabs with the same conversation forget what this one has erased.
    this.channel = new BroadcastChannel("fc");
    this.channel.onmessage = ({ data }) => data === this.kept?.conversation && this.end("erased");
  }

  say = (key, language = this.language) => (WORDS[language] || WORDS[this.language])[key];

  call(method, path, body) {
    const { server } = this.settings;
    const { conversation, token } = this.kept || {};
    return callJson(`${server}${CHAT}/conversations${conversation ? `/${conversation}` : ""}${path}`, { method, body, token, language: this.language });
  }

  send(what, text) {
    // While another one waits for the connection, that is still to be read.
    if (!this.outbox.busy()) this.view.problem("");
    this.view.ended("");
    this.view.expect(null);
    this.outbox.send(what, text);
  }

  // When there is a conversation: the one of this tab, or a new one.
  ready() {
    if (this.kept) return Promise.resolve();
    if (!this.#starting) {
      const starting = (this.#starting = this.#start().finally(() => {
        if (this.#starting === starting) this.#starting = null;
      }));
    }
    return this.#starting;
  }

  async #start() {
    const life = this.#life;
    this.#watchStart(life);
    for (let tries = 0; life === this.#life; tries += 1) {
      try {
        if (!(await this.#resume(life))) await this.#begin(life);
        if (life !== this.#life) return;
        this.view.problem("");
        this.#follow();
        this.outbox.restore();
        return;
      } catch (error) {
        if (life !== this.#life) return;
        if (tries || error.status) this.view.problem(explain(error, this.say));
        await pauseForChance(error.after * 1000 || retryAfter(tries));
      }
    }
  }

  // Whether there was one in this tab.
  async #resume(life) {
    const { conversation, token } = this.store.read();
    if (!conversation) return false;
    this.kept = { conversation, token };
    try {
      const before = await this.call("GET", "/messages?after=0");
      if (life !== this.#life) return true;
      this.take({ ...before, messages: [] });
      this.#arrive(before.messages, true);
      this.view.scrollTo();
      return true;
    } catch (error) {
      if (life === this.#life) this.kept = null;
      if (!isGone(error)) throw error;
      // A text can be said again in a new conversation; a choice belonged to the old one.
      const pending = (this.store.read().pending || []).filter((entry) => entry.what.text);
      this.store.write({ conversation: undefined, token: undefined, pending });
      return false;
    }
  }

  async #begin(life) {
    // Which day it is for the person, and with it how many are left, depends on where they are.
    const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
    const { language } = this;
    const started = await this.call("POST", "", { language, timezone: timeZone?.slice(0, 64) });
    if (life !== this.#life) return;
    this.kept = { conversation: started.conversation, token: started.token };
    this.store.write({ ...this.kept, open: true, seen: Date.now() });
    this.take({ ...started, language });
    // The language was switched while the conversation began.
    if (this.language !== started.language) this.switchTo(this.language);
  }

  #follow() {
    const { kept, settings } = this;
    this.#unfollow?.();
    this.#unfollow = follow(settings.server, kept, () => this.cursor, (messages) => this.#arrive(messages));
  }

  // Only the stream and a reload move the cursor: they bring every message, an answer to a post only the bot's.
  #arrive(messages, quietly = false) {
    this.cursor = Math.max(this.cursor, ...messages.map((message) => message.seq));
    if (this.outbox.busy()) this.#later.push(...messages);
    else this.#showAll(messages, quietly);
  }

  take(answer) {
    if (answer.language && answer.language !== this.language && WORDS[answer.language]) {
      this.language = answer.language;
      this.translated();
    }
    this.#showAll(answer.messages);
  }

  allSent() {
    this.#showAll(this.#later.splice(0));
  }

  #showAll(messages, quietly = false) {
    // Several messages that come together begin in sight, the first one first.
    const items = messages.map((message) => this.#show(message, quietly)).filter(Boolean);
    if (items.length && !quietly) {
      this.view.scrollTo(items[0]);
      this.arrived();
    }
    const last = messages[messages.length - 1];
    if (last?.author === "bot") this.view.expect(last.expects);
  }

  #show(message, quietly) {
    if (this.#shown.has(message.id)) return null;
    this.#shown.add(message.id);
    if (message.author === "visitor") return this.#append(this.outbox.arrived(message));
    if (!quietly && ERASED.includes(message.about)) this.#erasedHere();
    if (!quietly) this.view.announce(spoken(message), message.language);
    return this.#append(messageOf(message, this));
  }

  #append(item) {
    if (item) this.view.append(item);
    return item;
  }

  switchTo(language) {
    this.send({ text: SAID[language].switch }, SAID[language].switched);
  }

  // The conversation is not known any more: what was written goes into a new one.
  async renew(entry) {
    this.forget();
    await this.ready();
    this.view.problem(this.say("gone"));
    if (entry.what.text) this.outbox.send(entry.what, entry.text, true);
  }

  #erasedHere() {
    const conversation = this.kept?.conversation;
    this.forget();
    this.channel.postMessage(conversation);
  }

  // Erases on the server first; what it says stands there until something new is written. Raises the server's problem.
  async erase() {
    let said = null;
    try {
      if (this.kept) said = await this.call("DELETE", "");
    } catch (error) {
      // It ended before: then there is nothing left of it.
      if (!isGone(error)) throw error;
    }
    this.#erasedHere();
    this.view.ended(said?.text || this.say("erased"));
  }

  // Nothing of the conversation stays in this tab; a neutral line says so.
  end(key) {
    this.forget();
    this.view.ended(this.say(key));
  }

  forget() {
    this.store.clear();
    this.leave();
  }

  // The page is left: what the tab's storage holds may be resumed, what the page holds is not to be seen again.
  leave() {
    this.#life += 1;
    this.#unfollow?.();
    this.#unfollow = null;
    this.#starting = null;
    this.kept = null;
    this.cursor = 0;
    this.#shown.clear();
    this.#later.length = 0;
    this.outbox.forget();
    this.reader.forget();
    this.view.empty();
  }

  // Who comes while the program starts sees how far it is.
  async #watchStart(life) {
    while (!this.#ready && life === this.#life) {
      try {
        const status = await callJson(`${this.settings.server}${CHAT}/status`);
        this.#ready = status.ready;
        if (life !== this.#life) return;
        this.view.starting(this.#ready ? "" : `${this.say("starting")} (${status.step[this.language]}).`, status.progress);
      } catch { /* the gateway is starting too */ }
      if (!this.#ready) await pauseForChance(1000);
    }
  }
}
