// Messages that come later: a stream of server-sent events, read with fetch because EventSource cannot send the token.
// Where streams do not get through (a proxy that holds them back), the messages are asked for every few seconds.
import { CHAT, callJson, isGone } from "./api.js";
import { pauseForChance, retryAfter } from "./dom.js";

const SILENCE = 40000; // the server says something every 15 seconds
const ASK_EVERY = 5000;
const ASK_HIDDEN = 60000;
const ASK_FOR = 60000; // then the stream is tried again

// Calls `take` with messages until the function that it gives back is called. `cursor` tells the last one known.
export function follow(server, kept, cursor, take) {
  const address = `${server}${CHAT}/conversations/${kept.conversation}`;
  let ended = false;
  let connection = null;

  async function stream() {
    const control = (connection = new AbortController());
    let any = false;
    let watch = 0;
    const listening = () => {
      clearTimeout(watch);
      watch = setTimeout(() => {
        any = false;
        control.abort();
      }, SILENCE);
    };
    // A phone that slept: the connection is probably dead.
    const woken = () => document.hidden || control.abort();
    document.addEventListener("visibilitychange", woken);
    listening();
    try {
      const response = await fetch(`${address}/events?after=${cursor()}`, {
        headers: { Authorization: `Bearer ${kept.token}` },
        credentials: "omit",
        signal: control.signal,
      });
      if (!response.ok || !response.body) return [401, 403, 404].includes(response.status) ? "gone" : "refused";
      const reader = response.body.getReader();
      const decoder = new TextDecoder();
      let rest = "";
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        any = true;
        listening();
        const blocks = (rest + decoder.decode(part.value, { stream: true })).split("\n\n");
        rest = blocks.pop();
        for (const block of blocks) {
          const data = block.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim()).join("\n");
          if (data && !ended) take([JSON.parse(data)]);
        }
      }
    } catch { /* cut: the caller tries again */ } finally {
      clearTimeout(watch);
      document.removeEventListener("visibilitychange", woken);
    }
    return any ? "cut" : "silent";
  }

  async function ask() {
    for (const until = Date.now() + ASK_FOR; !ended && Date.now() < until; ) {
      try {
        const { messages } = await callJson(`${address}/messages?after=${cursor()}`, { token: kept.token });
        if (!ended && messages.length) take(messages);
      } catch (error) {
        if (isGone(error)) return "gone";
      }
      await pauseForChance(document.hidden ? ASK_HIDDEN : ASK_EVERY);
    }
    return "cut";
  }

  (async () => {
    let failures = 0;
    while (!ended) {
      const outcome = await stream();
      if (ended || outcome === "gone") return;
      failures = outcome === "cut" ? 0 : failures + 1;
      // One silent try can be a tunnel; two are a proxy.
      if (outcome === "refused" || failures > 1) {
        if ((await ask()) === "gone") return;
      } else {
        await pauseForChance(retryAfter(failures));
      }
    }
  })();

  return () => {
    ended = true;
    connection.abort();
  };
}
