// The fonts we serve and print with, by the name templates and style sheets use. `text` cuts a font down to those characters.
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => String.fromCodePoint(from + i)).join("");

// Letters of western and central Europe and the signs of prices and prose.
const LATIN = range(0x20, 0x7e) + range(0xa0, 0xff) + "–—‘’‚“”„•…‹›€−×\u202f\u2009→";

export const FONTS = {
  // Staff screens: the variable font, whole; the second file is only fetched when a name needs it.
  "inter.woff2": { file: "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2" },
  "inter-ext.woff2": { file: "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2" },
  // Client pages: half the size, within their 60 kB.
  "inter-public.woff2": {
    file: "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
    text: LATIN,
    axes: { wght: { min: 400, max: 700 } },
  },
  // Documents: the PDF engine takes static cuts only.
  "inter-400.woff2": { file: "@fontsource/inter/files/inter-latin-400-normal.woff2" },
  "inter-500.woff2": { file: "@fontsource/inter/files/inter-latin-500-normal.woff2" },
  "inter-600.woff2": { file: "@fontsource/inter/files/inter-latin-600-normal.woff2" },
  "inter-700.woff2": { file: "@fontsource/inter/files/inter-latin-700-normal.woff2" },
  // Names from elsewhere: a letter without a font would be left out of the paper.
  "inter-ext-400.woff2": { file: "@fontsource/inter/files/inter-latin-ext-400-normal.woff2" },
  "inter-ext-700.woff2": { file: "@fontsource/inter/files/inter-latin-ext-700-normal.woff2" },
  "inter-greek-400.woff2": { file: "@fontsource/inter/files/inter-greek-400-normal.woff2" },
  "inter-greek-700.woff2": { file: "@fontsource/inter/files/inter-greek-700-normal.woff2" },
  "inter-cyrillic-400.woff2": { file: "@fontsource/inter/files/inter-cyrillic-400-normal.woff2" },
  "inter-cyrillic-700.woff2": { file: "@fontsource/inter/files/inter-cyrillic-700-normal.woff2" },
  // A typed signature, and headings of agencies that choose a serif.
  "newsreader-italic.woff2": { file: "@fontsource/newsreader/files/newsreader-latin-400-italic.woff2", text: LATIN },
  "newsreader-500.woff2": { file: "@fontsource/newsreader/files/newsreader-latin-500-normal.woff2", text: LATIN },
};
