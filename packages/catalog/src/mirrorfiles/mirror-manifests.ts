import type { Reference } from "@skerry/oci";
import { dump } from "js-yaml";
import { byBytes } from "../write/go-json.ts";
import { type MirrorMapping, mappingText, sourceText } from "./mirror-mapping.ts";

export interface MirrorManifestsOptions {
  readonly catalog: Reference;
  readonly mappings: readonly MirrorMapping[];
  /** How much one entry covers; wider ones only where every image under it keeps its path. `repository` unless given. */
  readonly scope?: "repository" | "namespace" | "registry" | undefined;
  /** Also write the ImageDigestMirrorSet that clusters from 4.13 on know; they refuse it beside the older kind. */
  readonly digestMirrorSet?: boolean | undefined;
  /** Most bytes of one object; etcd takes no more than 1 MiB, and `oc apply` doubles it. */
  readonly maxBytes?: number | undefined;
}

/** Files that `oc adm catalog mirror` leaves behind. */
export interface MirrorManifests {
  /** `<name>-manifests`. */
  readonly directory: string;
  readonly files: readonly { readonly name: string; readonly text: string }[];
}

const LABELS = { "operators.openshift.org/catalog": "true" };
const MAX_BYTES = 250_000;

/**
 * `mapping.txt`, `imageContentSourcePolicy.yaml` and `catalogSource.yaml` for a mirrored catalog. Names come from the
 * catalog's path without its first part, with dashes where `oc` writes slashes that no cluster accepts. Only images by
 * digest are in the policy: nothing else is ever looked up through it. Nothing depends on the clock.
 */
export function mirrorManifests(options: MirrorManifestsOptions): MirrorManifests {
  const name = catalogName(options.catalog);
  const entries = mirrorEntries(options);
  const policy = split(entries, options.maxBytes ?? MAX_BYTES).map((part, index) => ({
    apiVersion: "operator.openshift.io/v1alpha1",
    kind: "ImageContentSourcePolicy",
    metadata: { name: `${name}-${index}`, labels: LABELS },
    spec: { repositoryDigestMirrors: part },
  }));
  const mirrorSet = split(entries, options.maxBytes ?? MAX_BYTES).map((part, index) => ({
    apiVersion: "config.openshift.io/v1",
    kind: "ImageDigestMirrorSet",
    metadata: { name: `${name}-${index}`, labels: LABELS },
    spec: { imageDigestMirrors: part },
  }));
  return {
    directory: `${name}-manifests`,
    files: [
      { name: "catalogSource.yaml", text: yaml(catalogSource(options, name)) },
      { name: "imageContentSourcePolicy.yaml", text: yaml(policy) },
      ...(options.digestMirrorSet === true ? [{ name: "imageDigestMirrorSet.yaml", text: yaml(mirrorSet) }] : []),
      { name: "mapping.txt", text: mappingText(options.mappings) },
    ],
  };
}

/** A name for objects of a catalog: its path without the first part, in the letters that Kubernetes takes. */
export function catalogName(catalog: Reference): string {
  const parts = catalog.repository.split("/");
  const own = parts.length > 1 ? parts.slice(1) : parts;
  return own
    .join("-")
    .replaceAll(/[^a-z0-9-]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 52);
}

function catalogSource(options: MirrorManifestsOptions, name: string): readonly unknown[] {
  const own = options.mappings.find((mapping) => sourceText(mapping.source) === sourceText(options.catalog));
  // Nothing in a cluster pulls from a folder.
  if (own === undefined || own.repository.startsWith("file://")) return [];
  const { digest } = options.catalog;
  const image = digest === undefined ? `${own.repository}:${own.tag}` : `${own.repository}@${digest}`;
  return [
    {
      apiVersion: "operators.coreos.com/v1alpha1",
      kind: "CatalogSource",
      metadata: { name, namespace: "openshift-marketplace" },
      spec: { sourceType: "grpc", image },
    },
  ];
}

interface MirrorEntry {
  readonly source: string;
  readonly mirrors: readonly string[];
}

function mirrorEntries(options: MirrorManifestsOptions): readonly MirrorEntry[] {
  const repositories = new Map<string, string>();
  for (const { source, repository } of options.mappings) {
    if (source.digest !== undefined && !repository.startsWith("file://"))
      repositories.set(`${source.registry}/${source.repository}`, repository);
  }
  const scope = options.scope ?? "repository";
  const wide = new Map<string, Map<string, string>>();
  for (const source of repositories.keys()) {
    const key = scopeOf(source, scope);
    wide.set(key, (wide.get(key) ?? new Map<string, string>()).set(source, repositories.get(source) ?? ""));
  }
  return [...wide].flatMap(([key, own]) => widened(key, own)).sort((a, b) => byBytes(a.source, b.source));
}

function scopeOf(source: string, scope: "repository" | "namespace" | "registry"): string {
  const parts = source.split("/");
  if (scope === "registry") return parts[0] ?? source;
  return scope === "namespace" && parts.length > 2 ? parts.slice(0, -1).join("/") : source;
}

/** One entry for all where every mirror is one prefix and the rest of the source's path; else one for each. */
function widened(key: string, own: ReadonlyMap<string, string>): readonly MirrorEntry[] {
  const prefixes = new Set(
    [...own].map(([source, mirror]) =>
      mirror.endsWith(source.slice(key.length)) ? mirror.slice(0, mirror.length - source.length + key.length) : undefined,
    ),
  );
  const [prefix] = prefixes;
  if (prefixes.size === 1 && prefix !== undefined) return [{ source: key, mirrors: [prefix] }];
  return [...own].map(([source, mirror]) => ({ source, mirrors: [mirror] }));
}

function split(entries: readonly MirrorEntry[], maxBytes: number): readonly (readonly MirrorEntry[])[] {
  const parts: MirrorEntry[][] = [];
  let bytes = 0;
  for (const entry of entries) {
    const own = Buffer.byteLength(dump([entry]));
    if (parts.length === 0 || bytes + own > maxBytes) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(entry);
    bytes += own;
  }
  return parts;
}

function yaml(objects: readonly unknown[]): string {
  return objects.map((object) => dump(object, { lineWidth: -1, noRefs: true })).join("---\n");
}
