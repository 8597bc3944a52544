// The page /embed: the snippets and the preview follow the settings.
(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const { version, integrity, preview, link, copied, byHand } = $("embed").dataset;
  const PAUSE = 600; // ms without typing after which the preview loads again
  const OWN = ["pin"]; // settings of the snippet, not of the chat

  const escaped = (text) => text.replace(/&/g, "&amp;").replace(/"/g, "&quot;").replace(/</g, "&lt;");
  const written = (attributes, prefix) => attributes.map(([name, value]) => ` ${prefix}${name}="${escaped(value)}"`).join("");

  function chosen() {
    return [...new FormData($("form"))].map(([name, value]) => [name, value.trim()]).filter(([name, value]) => value && !OWN.includes(name));
  }

  function scriptTag(attributes) {
    const pinned = $("pin").value === "yes";
    const source = `${location.origin}/widget/${pinned ? `${version}/` : ""}faro-chat.js`;
    const hash = pinned ? ` integrity="${integrity}" crossorigin="anonymous"` : "";
    return `<script async src="${source}"${hash}${written(attributes, "data-")}></script>`;
  }

  function showSnippets() {
    const attributes = chosen();
    $("script-tag").textContent = scriptTag(attributes);
    $("element").textContent = `<faro-chat${written(attributes, "")}><a href="${location.origin}/chat">${escaped(link)}</a></faro-chat>\n${scriptTag([])}`;
  }

  function showPreview() {
    // The pattern of pages would hide it: the preview has an address of its own.
    const shown = chosen().filter(([name]) => name !== "pages");
    $("preview").src = `${preview}?${new URLSearchParams([["page", document.documentElement.lang], ...shown])}`;
  }

  function showOrigin() {
    let origin = "https://www.firm.example";
    try {
      origin = new URL($("site").value).origin;
    } catch { /* not whole yet */ }
    $("setting").textContent = `FARO_ALLOWED_ORIGINS=${origin}`;
  }

  async function copy(target, button) {
    let told = copied;
    try {
      await navigator.clipboard.writeText(target.textContent);
    } catch {
      getSelection().selectAllChildren(target);
      told = byHand;
    }
    $("announcer").textContent = told;
    const before = button.dataset.before || (button.dataset.before = button.textContent);
    button.textContent = told;
    setTimeout(() => { button.textContent = before; }, 4000);
  }

  let later = 0;
  $("form").addEventListener("input", () => {
    showSnippets();
    clearTimeout(later);
    later = setTimeout(showPreview, PAUSE);
  });
  $("form").addEventListener("submit", (event) => event.preventDefault());
  $("site").addEventListener("input", showOrigin);
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy($(button.dataset.copy), button));
  }
  showSnippets();
  showOrigin();
  // A browser puts back what was chosen before a reload.
  if (chosen().length) showPreview();
})();
