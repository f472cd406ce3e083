import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Bundle } from "@skerry/catalog";
import { dump, load } from "js-yaml";
import { replaceDigests } from "./digests.ts";
import { type BuiltImage, buildManifest } from "./image.ts";
import { buildLayer, type LayerFile } from "./layer.ts";
import { platformOf } from "./operand-image.ts";
import { inlineManifests } from "./references.ts";
import { fraction } from "./seeded.ts";

/** What decides about a bundle image. */
export interface BundleImageSpec {
  readonly seed: string;
  readonly key: string;
  readonly bundle: Bundle;
  readonly version: string;
  readonly channels: readonly string[];
  readonly defaultChannel: string;
  /** Folder with `<package>/<version>/{manifests,metadata}` of published bundles, used where it has this one. */
  readonly bundlesDir?: string | undefined;
  readonly replacements: ReadonlyMap<string, string>;
}

const PREFIX = "operators.operatorframework.io.bundle";

/** A registry+v1 bundle image: labels, `/manifests` and `/metadata`. */
export async function buildBundleImage(spec: BundleImageSpec): Promise<BuiltImage> {
  const published = await publishedFiles(spec);
  const manifests = published.manifests.length > 0 ? published.manifests : madeManifests(spec.bundle, spec.version);
  const annotations = published.annotations ?? madeAnnotations(spec);
  const metadata = published.metadata.length > 0 ? published.metadata : [textFile("metadata/annotations.yaml", dump({ annotations }))];
  const layers = [
    await buildLayer(
      manifests.map((file) => withDigests(file, spec.replacements)),
      false,
    ),
    await buildLayer(metadata, false),
  ];
  const { root, built } = buildManifest(
    { platform: platformOf("amd64"), layers, labels: annotations },
    fraction(spec.seed, spec.key, "docker") < 0.5,
  );
  const { platform: _, ...descriptor } = root;
  return { root: descriptor, manifests: [built] };
}

/** Manifests of a published bundle as text, for the references in them; empty where there is none. */
export async function publishedManifests(bundlesDir: string | undefined, bundle: Bundle, version: string): Promise<string[]> {
  const folder = await publishedFolder(bundlesDir, bundle, version);
  return folder === undefined ? [] : (await filesOf(folder, "manifests")).map((file) => Buffer.from(file.bytes).toString("utf8"));
}

/** Folder of a bundle among the published ones: named by its version, or else holding the CSV of that name. */
async function publishedFolder(bundlesDir: string | undefined, bundle: Bundle, version: string): Promise<string | undefined> {
  if (bundlesDir === undefined) return undefined;
  const all = (await readdir(join(bundlesDir, bundle.package)).catch(() => [])).sort();
  const named = all.includes(version) ? [version] : all;
  for (const name of named) {
    const folder = join(bundlesDir, bundle.package, name);
    const manifests = await filesOf(folder, "manifests");
    if (manifests.some(({ bytes }) => isCsvOf(Buffer.from(bytes).toString("utf8"), bundle.name))) return folder;
  }
  return undefined;
}

function isCsvOf(text: string, name: string): boolean {
  return (
    /^kind: ["']?ClusterServiceVersion/m.test(text) &&
    text.split("\n").some((line) => /^\s+name: ["']?(.*?)["']?\s*$/.exec(line)?.[1] === name)
  );
}

interface Published {
  readonly manifests: readonly LayerFile[];
  readonly metadata: readonly LayerFile[];
  readonly annotations?: Readonly<Record<string, string>>;
}

async function publishedFiles({ bundlesDir, bundle, version }: BundleImageSpec): Promise<Published> {
  const folder = await publishedFolder(bundlesDir, bundle, version);
  if (folder === undefined) return { manifests: [], metadata: [] };
  const [manifests, metadata] = [await filesOf(folder, "manifests"), await filesOf(folder, "metadata")];
  const file = metadata.find(({ path }) => path === "metadata/annotations.yaml");
  const document = file === undefined ? undefined : load(Buffer.from(file.bytes).toString("utf8"));
  if (typeof document !== "object" || document === null || !("annotations" in document)) return { manifests, metadata: [] };
  return { manifests, metadata, annotations: textsOf(document.annotations) };
}

async function filesOf(folder: string, kind: string): Promise<LayerFile[]> {
  const names = await readdir(join(folder, kind)).catch(() => []);
  return Promise.all(names.sort().map(async (name) => ({ path: `${kind}/${name}`, bytes: await readFile(join(folder, kind, name)) })));
}

function madeManifests(bundle: Bundle, version: string): LayerFile[] {
  const inline = inlineManifests(bundle.properties);
  if (inline.length > 0)
    return inline.map((text, index) => textFile(`manifests/${String(index).padStart(3, "0")}-${kindOf(text)}.json`, text));
  return [textFile(`manifests/${bundle.package}.clusterserviceversion.yaml`, dump(madeCsv(bundle, version), { lineWidth: -1 }))];
}

/** A ClusterServiceVersion with what the catalog says of it: its metadata, and a deployment that runs the related images. */
function madeCsv(bundle: Bundle, version: string): object {
  const metadata = bundle.properties.find((property) => property.type === "olm.csv.metadata")?.value;
  const facts = typeof metadata === "object" && metadata !== null ? (metadata as Record<string, unknown>) : {};
  const related = bundle.relatedImages.filter(({ name, image }) => name !== "" || image !== bundle.image);
  const containers = related
    .filter(({ image }) => image !== "")
    .slice(0, 1)
    .map(({ image }) => ({ name: "manager", image }));
  const pod = { metadata: { labels: { name: bundle.package } }, spec: { containers } };
  const deployment = { name: bundle.package, spec: { replicas: 1, selector: { matchLabels: { name: bundle.package } }, template: pod } };
  return {
    apiVersion: "operators.coreos.com/v1alpha1",
    kind: "ClusterServiceVersion",
    metadata: { name: bundle.name, annotations: facts["annotations"] ?? {} },
    spec: {
      displayName: facts["displayName"] ?? bundle.package,
      version,
      installModes: facts["installModes"] ?? [{ type: "AllNamespaces", supported: true }],
      install: { strategy: "deployment", spec: { deployments: [deployment] } },
      relatedImages: related.map(({ name, image, value }) => ({ name, ...(value === undefined ? { image } : { value }) })),
    },
  };
}

function madeAnnotations({ bundle, channels, defaultChannel }: BundleImageSpec): Record<string, string> {
  return {
    [`${PREFIX}.mediatype.v1`]: "registry+v1",
    [`${PREFIX}.manifests.v1`]: "manifests/",
    [`${PREFIX}.metadata.v1`]: "metadata/",
    [`${PREFIX}.package.v1`]: bundle.package,
    [`${PREFIX}.channels.v1`]: channels.join(","),
    [`${PREFIX}.channel.default.v1`]: defaultChannel,
  };
}

function kindOf(manifest: string): string {
  const kind = /"kind"\s*:\s*"([A-Za-z]+)"/.exec(manifest)?.[1];
  return (kind ?? "manifest").toLowerCase();
}

function withDigests(file: LayerFile, replacements: ReadonlyMap<string, string>): LayerFile {
  return textFile(file.path, replaceDigests(Buffer.from(file.bytes).toString("latin1"), replacements), "latin1");
}

function textFile(path: string, text: string, encoding: "utf8" | "latin1" = "utf8"): LayerFile {
  return { path, bytes: Buffer.from(text, encoding) };
}

function textsOf(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).flatMap(([key, text]) => (typeof text === "string" ? [[key, text]] : [])));
}
