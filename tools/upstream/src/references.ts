import { readLooseReference } from "@skerry/catalog";
import type { Reference } from "@skerry/oci";

/** Digested references anywhere in a text: descriptions, annotations, environment values. */
const DIGESTED =
  /[a-zA-Z0-9][a-zA-Z0-9.-]*(?::[0-9]+)?(?:\/[a-z0-9][a-z0-9._-]*)+(?::[A-Za-z0-9_][\w.-]*)?@sha256:[0-9a-f]{64}(?![0-9a-f])/g;
/** Keys under which a manifest names an image. */
const IMAGE_KEYS: ReadonlySet<string> = new Set(["image", "containerImage"]);

/**
 * Every image that a document of a catalog or a manifest of a bundle names: whatever has a digest, the values of `image`,
 * what publishers spell `value` in `relatedImages`, and `RELATED_IMAGE_*`. Manifests inside `olm.bundle.object` included.
 */
export function referencesIn(document: unknown): Reference[] {
  const texts = new Set<string>();
  collect(document, texts);
  return [...texts].flatMap((text) => {
    const read = readLooseReference(text);
    return read.ok ? [read.reference] : [];
  });
}

/** The manifests inside a bundle's `olm.bundle.object` properties, decoded. */
export function inlineManifests(properties: readonly { readonly type: string; readonly value: unknown }[]): string[] {
  return properties.flatMap(({ type, value }) => {
    if (type !== "olm.bundle.object" || typeof value !== "object" || value === null || !("data" in value)) return [];
    return typeof value.data === "string" ? [Buffer.from(value.data, "base64").toString("utf8")] : [];
  });
}

function collect(value: unknown, texts: Set<string>): void {
  if (typeof value === "string") {
    for (const [text] of value.matchAll(DIGESTED)) texts.add(text);
    return;
  }
  if (Array.isArray(value)) {
    for (const item of value) collect(item, texts);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const fields = value as Record<string, unknown>;
  for (const [key, item] of Object.entries(fields)) {
    if (typeof item === "string" && isImage(key, fields)) texts.add(item);
    if (key === "relatedImages" && Array.isArray(item)) collectMisspelt(item, texts);
    if (key === "data" && typeof item === "string") collectEncoded(item, texts);
    else collect(item, texts);
  }
}

function isImage(key: string, { name }: Readonly<Record<string, unknown>>): boolean {
  return IMAGE_KEYS.has(key) || (key === "value" && typeof name === "string" && name.startsWith("RELATED_IMAGE"));
}

function collectMisspelt(entries: readonly unknown[], texts: Set<string>): void {
  for (const entry of entries) {
    if (typeof entry === "object" && entry !== null && "value" in entry && typeof entry.value === "string") texts.add(entry.value);
  }
}

function collectEncoded(encoded: string, texts: Set<string>): void {
  const decoded = Buffer.from(encoded, "base64").toString("utf8");
  try {
    collect(JSON.parse(decoded), texts);
  } catch {
    collect(decoded, texts);
  }
}
