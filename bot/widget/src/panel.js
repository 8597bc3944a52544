// Opening and closing: on a desktop a panel at the corner beside the page, on a phone the whole screen.

// In em, so that it follows a larger text size too.
const SMALL = "(max-width: 35em), (max-height: 30em)";

export function createPanel({ view, page, signal, changed }) {
  const { panel, $ } = view;
  const small = matchMedia(SMALL);
  let before = "";
  let whole = false;

  // The keyboard of a phone covers the lower part of the page without making it smaller.
  function fit() {
    const seen = visualViewport;
    // Not when somebody has only zoomed in.
    const covered = (page || whole) && seen.scale < 1.05;
    panel.style.setProperty("--height", covered ? `${Math.floor(seen.height)}px` : "100dvh");
    panel.style.setProperty("--top", covered ? `${Math.floor(seen.offsetTop)}px` : "0px");
  }

  function show(how) {
    whole = how;
    panel.classList.toggle("whole", whole);
    // The page behind must not scroll away under the finger.
    if (whole) {
      before = document.documentElement.style.overflow;
      document.documentElement.style.overflow = "hidden";
      return panel.showModal();
    }
    // Without show(): that would take the focus from the page after a reload.
    panel.setAttribute("open", "");
  }

  function hide() {
    if (whole) document.documentElement.style.overflow = before;
    whole = false;
    panel.close();
  }

  function open(focus = true) {
    if (!isOpen()) {
      show(small.matches);
      changed(true);
    }
    fit();
    // Focus in the text box would cover half of a phone with its keyboard.
    if (focus) $(whole ? "title" : "text").focus();
  }

  function close() {
    if (page || !isOpen()) return;
    hide();
    changed(false);
  }

  const isOpen = () => page || panel.hasAttribute("open");

  if (!page) {
    // A turned phone, a window made smaller.
    small.addEventListener("change", () => {
      if (!panel.hasAttribute("open") || small.matches === whole) return;
      const focused = panel.getRootNode().activeElement;
      hide();
      show(small.matches);
      fit();
      focused?.focus();
    }, { signal });
    // The back key of a phone; Esc is taken care of by the keys.
    panel.addEventListener("cancel", (event) => {
      event.preventDefault();
      close();
    });
  }
  for (const type of ["resize", "scroll"]) visualViewport.addEventListener(type, fit, { signal });
  signal.addEventListener("abort", () => whole && hide());
  fit();
  return { open, close, isOpen };
}
