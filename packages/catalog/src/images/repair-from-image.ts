import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { formatReference } from "@skerry/oci";
import { firstDocument } from "../bundle/manifest-file.ts";
import { type JsonObject, member } from "../document/shape.ts";
import { extractFromImage } from "../image/extract.ts";
import { type ImageAt, platformImages } from "../image/image-manifest.ts";
import type { BrokenEntry, Bundle, BundleImage, CatalogProblem } from "../types.ts";
import { byBytes } from "../write/go-json.ts";
import { readLooseReference } from "./loose-reference.ts";
import { csvAnswer } from "./match-csv.ts";
import { foundProblem } from "./reference-problem.ts";

/** What the CSV inside a bundle image gave: images found, and one row for each broken entry. */
export interface Repair {
  readonly images: readonly BundleImage[];
  readonly problems: readonly CatalogProblem[];
}

export interface RepairOptions {
  /** Private directory for the manifests while they are read. */
  readonly workdir: string;
  readonly signal?: AbortSignal | undefined;
}

const MAX_MANIFESTS = 2000;
const MAX_MANIFEST_BYTES = 16 * 1024 * 1024;

/**
 * Looks for the text of broken entries in the CSV inside the bundle's image. `opm render` drops what publishers write
 * under `value`, so the catalog alone cannot tell. Every broken entry gives exactly one row: repaired, or as it was.
 * @throws whatever the reader throws; a bundle image without a readable CSV repairs nothing
 */
export async function repairFromBundleImage(
  what: { readonly bundle: Bundle; readonly broken: readonly BrokenEntry[] },
  image: ImageAt,
  options: RepairOptions,
): Promise<Repair> {
  const wanted = what.broken.filter((entry) => entry.index !== undefined);
  const csv = wanted.length === 0 ? undefined : await fetchBundleCsv(image, options);
  const images: BundleImage[] = [];
  const problems: CatalogProblem[] = [];
  for (const entry of what.broken) {
    const answer = csv === undefined || entry.index === undefined ? undefined : csvAnswer(what.bundle, entry.index, csv);
    const read = answer === undefined ? undefined : readLooseReference(answer.text);
    if (answer === undefined || read?.ok !== true) {
      problems.push(entry.problem);
      continue;
    }
    const at = { bundle: what.bundle, field: entry.field, original: entry.original };
    problems.push(foundProblem(at, { key: answer.key, reference: read.reference, where: "the CSV inside the bundle image" }));
    images.push({ reference: read.reference, kind: "related", fields: [entry.field] });
  }
  return { images: merged(images), problems };
}

/**
 * The ClusterServiceVersion inside a bundle image: only `manifests/*.yaml`, `*.yml` and `*.json` are extracted, and the
 * first that is one is read. Undefined when there is none.
 */
export async function fetchBundleCsv(image: ImageAt, options: RepairOptions): Promise<JsonObject | undefined> {
  await mkdir(options.workdir, { recursive: true, mode: 0o700 });
  const directory = await mkdtemp(join(options.workdir, "bundle-"));
  try {
    for await (const one of platformImages(image, options.signal)) {
      const { files } = await extractFromImage({
        reader: image.reader,
        place: image.place,
        layers: one.manifest.layers,
        roots: ["manifests"],
        directory,
        wanted: (path) => /^manifests\/[^/]+\.(ya?ml|json)$/.test(path),
        limits: { files: MAX_MANIFESTS, fileBytes: MAX_MANIFEST_BYTES, totalBytes: 8 * MAX_MANIFEST_BYTES },
        signal: options.signal,
      });
      return await firstCsv(directory, [...files.keys()].sort(byBytes));
    }
    return undefined;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function firstCsv(directory: string, paths: readonly string[]): Promise<JsonObject | undefined> {
  for (const path of paths) {
    const text = await readFile(join(directory, path), "utf8");
    // The kind is looked for before the text is parsed: a bundle holds megabytes of other manifests.
    if (!/\bClusterServiceVersion\b/.test(text)) continue;
    const manifest = firstDocument(text);
    if (member(manifest, "kind") === "ClusterServiceVersion") return manifest;
  }
  return undefined;
}

function merged(images: readonly BundleImage[]): readonly BundleImage[] {
  const byReference = new Map<string, BundleImage>();
  for (const image of images) {
    const key = formatReference(image.reference);
    const known = byReference.get(key);
    byReference.set(key, known === undefined ? image : { ...known, fields: [...known.fields, ...image.fields] });
  }
  return [...byReference.values()];
}
