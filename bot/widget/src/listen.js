// Reads a message aloud with the browser's own voices: only when asked, one at a time.
import { ICONS, button, icon } from "./dom.js";

// Most who write here in Spanish are from Latin America.
const PREFERRED = ["es-us", "es-mx", "es-419", "en-us"];
const synthesis = window.speechSynthesis;

// Only voices of the device: others send the text to their maker's servers.
function voiceFor(language) {
  if (!synthesis) return null;
  const tag = (voice) => voice.lang.toLowerCase().replace("_", "-");
  const fitting = synthesis.getVoices().filter((voice) => voice.localService && tag(voice).startsWith(language));
  const found = PREFERRED.map((wanted) => fitting.find((voice) => tag(voice) === wanted)).find(Boolean);
  return found || fitting.find((voice) => tag(voice) !== "es-es") || fitting[0];
}

// Sentences; some browsers fall silent in the middle of a longer text, so long ones are cut at a space.
export const inSentences = (text) =>
  (text.match(/.+?(?:[.!?:;](?=\s)|$)/gm) || []).flatMap((sentence) => sentence.match(/\S.{0,178}(?=\s|$)|\S{179}/g) || []);

// An address is no sentence: only the name of the site is read.
const readable = (text) => text.replace(/https:\/\/([^\s/)]+)\S*/g, "$1").replace(/^- /gm, "");

export function createReader(used) {
  const buttons = new Map(); // button -> {text, language, say}
  let pressed = null;
  let current = null; // the sentence that is being read; held, because browsers forget it otherwise

  function mark(made, key) {
    const { say } = buttons.get(made);
    made.replaceChildren(icon(ICONS[key]));
    made.setAttribute("aria-label", say(key));
  }

  function stop() {
    if (pressed) {
      mark(pressed, "listen");
      synthesis.cancel();
    }
    pressed = current = null;
  }

  function next(parts, voice) {
    if (!parts.length) return stop();
    // Who listens is there, though no key is pressed.
    used();
    const mine = (current = new SpeechSynthesisUtterance(parts[0]));
    mine.voice = voice;
    mine.lang = voice.lang;
    mine.onend = () => current === mine && next(parts.slice(1), voice);
    mine.onerror = () => current === mine && stop();
    synthesis.speak(mine);
  }

  function press(made) {
    const again = pressed === made;
    const { text, language } = buttons.get(made);
    const voice = voiceFor(language);
    stop();
    if (again || !voice) return;
    pressed = made;
    mark(made, "stop");
    synthesis.cancel();
    next(inSentences(readable(text)), voice);
  }

  // Voices come late, and go.
  synthesis?.addEventListener?.("voiceschanged", () => {
    for (const [made, { language }] of buttons) made.hidden = !voiceFor(language);
  });

  return {
    stop,
    // A button for a text; hidden as long as there is no voice for its language.
    buttonFor(text, language, say) {
      const made = button("", () => press(made), { className: "listen icon", hidden: !voiceFor(language) });
      buttons.set(made, { text, language, say });
      mark(made, "listen");
      return made;
    },
    forget() {
      stop();
      buttons.clear();
    },
  };
}
