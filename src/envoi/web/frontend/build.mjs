// Bundles what the pages need from npm into static/web/built; run by `npm run build`.
import { build } from "esbuild";
import { copyFile, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const built = join(here, "../static/web/built");

await rm(built, { recursive: true, force: true });
await mkdir(built, { recursive: true });
await build({
  entryPoints: [join(here, "charts.js")],
  outfile: join(built, "charts.js"),
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  legalComments: "eof",
  logLevel: "warning",
});
await build({
  entryPoints: [join(here, "type.css")],
  outfile: join(built, "type.css"),
  bundle: true,
  minify: true,
  loader: { ".woff2": "file" },
  assetNames: "[name]",
  logLevel: "warning",
});
await copyFile(
  join(here, "../../../../node_modules/@fontsource-variable/inter/LICENSE"),
  join(built, "inter-LICENSE.txt"),
);
