import { formatReference, parseReference, type Reference } from "@skerry/oci";
import { CatalogError } from "../errors.ts";
import { byBytes } from "../write/go-json.ts";

/** One image of a catalog and where `oc adm catalog mirror` puts it. */
export interface MirrorMapping {
  readonly source: Reference;
  /** `host/path` of a registry, or `file://path`. */
  readonly repository: string;
  readonly tag: string;
}

export interface MirrorMappingOptions {
  /** The catalog's own image. */
  readonly catalog: Reference;
  /** Images of its bundles. */
  readonly images: readonly Reference[];
  /** `HOST[/PATH]` or `file://[PATH]`; a tag is ignored. */
  readonly destination: string;
  /** Most parts a path may have; what is beyond is joined by dashes. 0 means no limit, 2 unless given, 1 is refused. */
  readonly maxComponents?: number | undefined;
}

/**
 * Where each image goes, by the rules of `oc adm catalog mirror`: the destination, then the source's path without its
 * host. An image by digest alone gets the FNV hash of its name as a tag; one by tag and digest is pulled by digest and
 * keeps the tag. Sorted by source, each once, the catalog among them.
 * @throws CatalogError `UNSUPPORTED` for one component
 */
export function mirrorMappings(options: MirrorMappingOptions): readonly MirrorMapping[] {
  const most = options.maxComponents ?? 2;
  if (most === 1) {
    throw new CatalogError({
      code: "UNSUPPORTED",
      message: "Cannot put every image into a path of one component",
      subject: "--max-components",
      hint: "Use 0 (no limit), or 2 and above.",
    });
  }
  const place = placeOf(options, most);
  const mappings = new Map<string, MirrorMapping>();
  for (const source of [options.catalog, ...options.images]) {
    const mapping = { source, repository: place(source), tag: mirrorTag(source) };
    mappings.set(sourceText(source), mapping);
  }
  return [...mappings].sort(([a], [b]) => byBytes(a, b)).map(([, mapping]) => mapping);
}

/** `SRC=DST`, one a line, as `oc image mirror -f` reads it. */
export function mappingText(mappings: readonly MirrorMapping[]): string {
  return mappings.map((mapping) => `${sourceText(mapping.source)}=${mapping.repository}:${mapping.tag}\n`).join("");
}

/** How a source is written: by digest where it has one, else by tag. */
export function sourceText(source: Reference): string {
  const { registry, repository, tag, digest } = source;
  return formatReference({ registry, repository, ...(digest === undefined ? { tag: tag ?? "latest" } : { digest }) });
}

function placeOf(options: MirrorMappingOptions, most: number): (source: Reference) => string {
  const file = /^file:\/\/\/*(.*)$/.exec(options.destination);
  if (file !== null) {
    const root = ["file:/", file[1] ?? "", options.catalog.repository].filter((part) => part !== "").join("/");
    return (source) => (source === options.catalog ? root : `${root}/${source.repository}`);
  }
  const [host = "", ...path] = withoutTag(options.destination)
    .split("/")
    .filter((part) => part !== "");
  return (source) => [host, ...joined([...path, ...source.repository.split("/")], most)].join("/");
}

/** A destination may be a host alone, which no reference is. */
function withoutTag(destination: string): string {
  const text = destination.replace(/^docker:\/\//, "").replace(/\/+$/, "");
  if (!text.includes("/")) return text;
  const reference = parseReference(text);
  return `${reference.registry}/${reference.repository}`;
}

function joined(parts: readonly string[], most: number): readonly string[] {
  if (most === 0 || parts.length <= most) return parts;
  return [...parts.slice(0, most - 1), parts.slice(most - 1).join("-")];
}

function mirrorTag(source: Reference): string {
  return source.tag ?? (source.digest === undefined ? "latest" : fnv32a(sourceText(source)));
}

/** FNV-1a of 32 bits in hexadecimal, without leading zeros. draft-eastlake-fnv. */
function fnv32a(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash.toString(16);
}
