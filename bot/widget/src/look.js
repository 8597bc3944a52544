// The style sheet, and the firm's colour in it. Set through objects: a strict policy forbids style attributes in markup.
import { asCss, contrast, mix, readableOn, textOn } from "./colour.js";

const STYLE = __STYLE__;
// As --panel in style.css.
const LIGHT = [255, 255, 255];
const DARK = [27, 37, 40];
// What just suffices looks dull on dark.
const CLEAR = 7;

export function dress(shadow) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  shadow.adoptedStyleSheets = [sheet];
}

export function paint(element, colour) {
  const light = readableOn(LIGHT, colour);
  const dark = readableOn(DARK, colour, CLEAR);
  const colours = {
    "--own": colour,
    "--on-own": textOn(colour),
    "--brand-light": light,
    "--brand-dark": dark,
    "--on-brand-light": textOn(light),
    "--on-brand-dark": textOn(dark),
    "--mine-light": mix(LIGHT, colour, 0.14),
    "--mine-dark": mix(DARK, dark, 0.2),
  };
  for (const [name, value] of Object.entries(colours)) element.style.setProperty(name, asCss(value));
  if (light.join() !== colour.join()) {
    console.warn(
      `faro-chat: the colour has a contrast of ${contrast(colour, LIGHT).toFixed(1)}:1 on white; text needs 4.5:1. The panel uses ${asCss(light)}.`,
    );
  }
}
