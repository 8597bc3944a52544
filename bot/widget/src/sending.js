// What a person sends: one message after the other, so that a hurried person is answered in order; kept in the tab until
// it is answered, and sent again with the same id, so that nothing is said twice.
import { explain, isGone, isTemporary } from "./api.js";
import { button, newId, pauseForChance, retryAfter } from "./dom.js";
import { mineOf } from "./message.js";

const MOST_TRIES = 7;
const LONGEST_PAUSE = 10000;

export function createOutbox(chat) {
  const items = new Map(); // client message id -> its item in the conversation
  const queued = new Set(); // ids under way
  let queue = Promise.resolve();
  let waiting = 0;
  let life = 0; // counts up when everything under way is to be let go of

  const pending = () => chat.store.read().pending || [];
  const keep = (entry) => chat.store.write({ pending: [...pending(), entry] });
  const done = (entry) => chat.store.write({ pending: pending().filter((other) => other.id !== entry.id) });

  function put(entry) {
    const item = mineOf(entry.text, chat);
    items.set(entry.id, item);
    chat.view.append(item);
    chat.view.scrollTo(item);
    return item;
  }

  function deliver(entry, item, again = false) {
    const mine = life;
    item.classList.remove("lost");
    queued.add(entry.id);
    waiting += 1;
    chat.view.working(true);
    queue = queue.then(() => mine === life && attempt(entry, item, mine, again)).then(() => {
      if (mine !== life) return;
      queued.delete(entry.id);
      waiting -= 1;
      if (waiting) return;
      chat.view.working(false);
      chat.allSent();
    });
  }

  async function attempt(entry, item, mine, again) {
    for (let tries = 0; mine === life; tries += 1) {
      try {
        // Who writes before the conversation has begun is heard when it has.
        await chat.ready();
        if (mine !== life) return;
        const answer = await chat.call("POST", "/messages", { client_message_id: entry.id, ...entry.what });
        if (mine !== life) return;
        done(entry);
        // That the old conversation has ended stays to be read.
        if (!again) chat.view.problem("");
        return chat.take(answer);
      } catch (error) {
        if (mine !== life) return;
        if (isGone(error) && !again) return chat.renew(entry);
        const temporary = isTemporary(error);
        if (!temporary || tries + 1 >= MOST_TRIES) return lose(entry, item, error, temporary);
        chat.view.problem(explain(error, chat.say, "offline"));
        // Without a connection only its return counts.
        if (!navigator.onLine) tries = 0;
        await pauseForChance(Math.min(error.after * 1000 || retryAfter(tries), LONGEST_PAUSE));
      }
    }
  }

  function lose(entry, item, error, temporary) {
    done(entry);
    item.classList.add("lost");
    chat.view.problem(explain(error, chat.say, "lost"));
    if (!temporary) return;
    const retry = button(chat.say("again"), () => {
      retry.remove();
      keep(entry);
      deliver(entry, item);
    }, { className: "again" });
    item.append(retry);
  }

  return {
    busy: () => waiting > 0,
    send(what, text, again = false) {
      const entry = { id: newId(), what, text };
      keep(entry);
      deliver(entry, put(entry), again);
    },
    // What was under way when the page was left.
    restore() {
      for (const entry of pending().filter(({ id }) => !queued.has(id))) deliver(entry, items.get(entry.id) || put(entry));
    },
    // A visitor's message from the server; null when it stands there already.
    arrived(message) {
      const id = message.client_message_id || message.id;
      if (items.has(id)) return null;
      const item = mineOf(message.text, chat);
      item.lang = message.language;
      items.set(id, item);
      return item;
    },
    forget() {
      life += 1;
      waiting = 0;
      queue = Promise.resolve();
      items.clear();
      queued.clear();
    },
  };
}
