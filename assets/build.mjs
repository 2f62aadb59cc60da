// Bundles js/*.js and css/*.css, cuts the fonts and collects the icons: `node build.mjs OUT`.
// Called by webkit.core.assets, which names the folder, compresses what comes out and puts it in place.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import * as sass from "sass";
import subsetFont from "subset-font";
import { FONTS } from "./fonts.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const modules = join(here, "node_modules");
const out = process.argv[2];
const manifest = {};

/** Copies or cuts each font into OUT/fonts under a hashed name; the manifest keeps the plain name. */
async function fonts() {
  await mkdir(join(out, "fonts"), { recursive: true });
  for (const [name, { file, text, axes }] of Object.entries(FONTS)) {
    const whole = await readFile(join(modules, file));
    const bytes = text ? await subsetFont(whole, text, { targetFormat: "woff2", variationAxes: axes }) : whole;
    const digest = createHash("sha256").update(bytes).digest("hex").slice(0, 8);
    manifest[name] = `fonts/${name.replace(".woff2", `.${digest}.woff2`)}`;
    await writeFile(join(out, manifest[name]), bytes);
  }
}

/** icons.json: name → the inside of its <svg>, for the names in icons.txt; "x-filled" is the filled drawing of x. */
async function icons() {
  const names = (await readFile(join(here, "icons.txt"), "utf8")).split(/\s+/).filter(Boolean);
  const found = {};
  for (const name of names.sort()) {
    const [style, file] = name.endsWith("-filled") ? ["filled", name.slice(0, -7)] : ["outline", name];
    const svg = await readFile(join(modules, "@tabler/icons/icons", style, `${file}.svg`), "utf8");
    found[name] = svg
      .slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"))
      .replace(/\s*\n\s*/g, "")
      .replace(/<path [^>]*d="M0 0h24v24H0z"[^>]*\/>/, "") // draws nothing, sixty times on each page
      .trim();
  }
  await writeFile(join(out, "icons.json"), JSON.stringify(found));
}

/** Sass for Tabler alone. Its sources name their custom properties plainly; the prefix keeps them apart from our tokens. */
const tabler = {
  name: "tabler",
  setup(build) {
    build.onLoad({ filter: /\.scss$/ }, ({ path }) => {
      const { css } = sass.compile(path, { loadPaths: [modules], quietDeps: true, logger: sass.Logger.silent });
      return { contents: css.replace(/(?<![\w-])--(?=[a-z])/g, "--tblr-"), loader: "css" };
    });
  },
};

/** `url("font:inter.woff2")` in CSS means the font of that name, wherever its hash has put it. */
const fontUrls = {
  name: "font-urls",
  setup(build) {
    build.onResolve({ filter: /^font:/ }, ({ path }) => {
      const name = path.slice("font:".length);
      if (!(name in manifest)) return { errors: [{ text: `${name} is not in fonts.mjs` }] };
      return { path: `./${manifest[name]}`, external: true };
    });
  },
};

async function entries(folder, ending) {
  const files = await readdir(join(here, folder));
  return files.filter((file) => file.endsWith(ending)).map((file) => join(here, folder, file));
}

async function bundle() {
  const { metafile } = await esbuild.build({
    entryPoints: [...(await entries("js", ".js")), ...(await entries("css", ".css"))],
    outdir: out,
    absWorkingDir: here,
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    target: ["es2022"],
    entryNames: "[name].[hash]",
    chunkNames: "chunks/[name].[hash]",
    loader: { ".woff2": "file" },
    assetNames: "fonts/[name].[hash]",
    legalComments: "eof",
    metafile: true,
    logLevel: "warning",
    plugins: [tabler, fontUrls],
  });
  for (const [path, { entryPoint }] of Object.entries(metafile.outputs)) {
    if (entryPoint && !path.includes("chunks/")) manifest[basename(entryPoint)] = basename(path);
  }
}

try {
  await fonts();
  await Promise.all([icons(), bundle()]);
} catch (error) {
  if (!error.errors) console.error(error); // esbuild has already said what it found
  process.exit(1);
}
await writeFile(join(out, "manifest.json"), JSON.stringify(manifest, Object.keys(manifest).sort(), 1));
