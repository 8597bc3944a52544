// What stands behind the menu button: erasing, going on in WhatsApp, the firm's words about data.
import { explain } from "./api.js";
import { button, node, worker } from "./dom.js";
import { svgAddress } from "./message.js";
import { outside } from "./text.js";

const pressable = (address, text) => Object.assign(outside(address, text), { className: "button" });

export function createMenu(chat) {
  const { view, settings, site, say } = chat;
  const box = view.$("menu");
  const opener = view.$("more");

  function open(is) {
    box.hidden = !is;
    opener.setAttribute("aria-expanded", is);
    if (is) entries();
    else fill();
  }

  function close(focus = true) {
    if (box.hidden) return false;
    open(false);
    if (focus) opener.focus();
    return true;
  }

  const fill = (...parts) => box.replaceChildren(...parts);

  function wrong(error) {
    box.querySelector(".wrong")?.remove();
    box.append(node("p", explain(error, say), { className: "told wrong", role: "alert" }));
  }

  function entries() {
    const link = settings.privacyLink[chat.language];
    fill(
      button(say("erase"), confirm, { id: "erase" }),
      site.whatsapp ? worker(say("whatsapp"), whatsapp, wrong, { id: "whatsapp" }) : "",
      link ? pressable(link, say("privacy")) : "",
      node("p", `${say("exit")}: ${say("exitHow")}`, { className: "hint" }),
    );
  }

  function confirm() {
    const yes = worker(say("eraseYes"), async () => {
      await chat.erase();
      open(false);
      view.$("restart").focus();
    }, wrong, { id: "erase-yes" });
    const no = button(say("eraseNo"), () => {
      entries();
      view.$("erase").focus();
    }, { id: "erase-no" });
    const question = node("p", say("eraseAsk"), { id: "erase-ask", tabIndex: -1 });
    fill(question, node("div", [yes, no], { className: "choices" }));
    question.focus();
  }

  async function whatsapp() {
    await chat.ready();
    const { link, qr } = await chat.call("POST", "/whatsapp");
    const way = pressable(link, say("whatsapp"));
    const scan = node("p", [say("whatsappScan"), node("img", "", { className: "code", alt: "", src: svgAddress(qr) })]);
    // Without the picture, where the site's policy forbids it, the link is there.
    scan.lastChild.addEventListener("error", () => scan.remove());
    fill(way, scan);
    way.focus();
  }

  // As the language says, also while it is open.
  return { toggle: () => open(box.hidden), close, translate: () => box.hidden || entries() };
}
