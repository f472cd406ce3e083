import { once } from "node:events";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { serveUpstream } from "./serve.ts";

const USAGE = `Usage: npm run upstream -- --catalog DIR[=REFERENCE]… --root DIR [--package NAME,…] [--listen 127.0.0.1:0]
         [--seed TEXT] [--total-bytes N] [--bundles DIR] [--missing REFERENCE]… [--once]

Makes a small image for every reference of the catalogs' packages, serves them, and writes rewritten copies of the catalogs
and a registries.conf that sends the original hosts here. A root that was made of the same is served again as it is.
--package applies to every catalog; --once ends after making it.`;

const { values } = parseArgs({
  options: {
    catalog: { type: "string", multiple: true },
    package: { type: "string", multiple: true },
    root: { type: "string" },
    listen: { type: "string", default: "127.0.0.1:0" },
    seed: { type: "string", default: "upstream" },
    "total-bytes": { type: "string" },
    bundles: { type: "string" },
    missing: { type: "string", multiple: true },
    once: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

if (values.help || values.catalog === undefined || values.root === undefined) {
  console.error(USAGE);
  process.exitCode = values.help ? 0 : 2;
} else {
  await serve(values.catalog, values.root);
}

async function serve(given: readonly string[], root: string): Promise<void> {
  const packages = values.package?.flatMap((text) => text.split(","));
  const { listen, seed, bundles, missing } = values;
  await using upstream = await serveUpstream({
    root: resolve(root),
    listen,
    seed,
    catalogs: given.map((text, index) => catalogOf(text, index, packages)),
    ...(values["total-bytes"] === undefined ? {} : { totalBytes: Number(values["total-bytes"]) }),
    ...(bundles === undefined ? {} : { bundlesDir: resolve(bundles) }),
    ...(missing === undefined ? {} : { missing }),
    onImage: (done, total) => {
      if (done % 100 === 0 || done === total) console.error(`${done} of ${total} images`);
    },
  });
  const { manifests, blobs, bytes } = upstream.pushed;
  console.log(
    `${upstream.made ? "Made" : "Found"} ${upstream.images.length} images: ${manifests} manifests, ${blobs} blobs, ${bytes} bytes`,
  );
  for (const [index, dir] of upstream.catalogDirs.entries()) console.log(`catalog ${given[index] ?? ""}: ${dir}`);
  for (const { kind, repository, tags } of upstream.images)
    if (kind === "catalog") console.log(`catalog image: ${repository}:${tags.join(",")}`);
  console.log(`registries.conf: ${upstream.registriesConfPath}`);
  if (values.once) return;
  console.log(`Serving on ${upstream.registry.url}; Ctrl-C ends it.`);
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
}

function catalogOf(
  text: string,
  index: number,
  packages: readonly string[] | undefined,
): { dir: string; reference: string; packages?: readonly string[] } {
  const [dir = "", reference = `upstream.example.com/catalogs/catalog-${index}:latest`] = text.split("=");
  return { dir: resolve(dir), reference, ...(packages === undefined ? {} : { packages }) };
}
