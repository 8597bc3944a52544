// The firm's colour, made readable: contrast as in WCAG 2.2 (relative luminance).

// For text, level AA.
export const ENOUGH = 4.5;
const BLACK = [0, 0, 0];
const WHITE = [255, 255, 255];

// #rgb or #rrggbb as three numbers, else nothing.
export function parseColour(text) {
  const [, digits] = /^#([\da-f]{3}|[\da-f]{6})$/i.exec(text) || [];
  return digits && digits.match(digits[3] ? /../g : /./g).map((part) => parseInt(part.padEnd(2, part), 16));
}

export function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour) {
  const [red, green, blue] = colour.map((part) => {
    const value = part / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

// Black or white, whichever reads better; one of them always passes.
export const textOn = (colour) => (contrast(colour, WHITE) >= contrast(colour, BLACK) ? WHITE : BLACK);

// The colour, mixed away from the ground until it can be read on it.
export function readableOn(ground, colour, enough = ENOUGH) {
  const towards = textOn(ground);
  for (let part = 0; part < 1; part += 0.04) {
    const mixed = mix(colour, towards, part);
    if (contrast(mixed, ground) >= enough) return mixed;
  }
  return towards;
}

export const mix = (colour, other, part) => colour.map((value, at) => Math.round(value + (other[at] - value) * part));

export const asCss = (colour) => `rgb(${colour.join(",")})`;
