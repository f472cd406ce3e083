import { OciError } from "../errors.ts";
import { digestOf } from "../hash.ts";
import type { Descriptor } from "../model/descriptor.ts";
import { digestAlgorithm } from "../model/digest.ts";
import { parseManifest } from "../model/manifest.ts";
import { isIndexType } from "../model/media-types.ts";
import { formatPlatform, isUnknownPlatform, type PlatformFilter } from "../model/platform.ts";
import type { ManifestBytes, Place, Reader } from "../store/types.ts";
import { chooseChildren } from "./children.ts";

/** An index without the children that a filter refuses: other bytes, another digest. */
export interface SmallerIndex {
  readonly descriptor: Descriptor;
  /** The new index, after the new indexes inside it. */
  readonly manifests: readonly ManifestBytes[];
}

/** Indexes inside indexes, as deep as a copy follows them. */
const MAX_DEPTH = 8;

/**
 * Makes the index that holds only the wanted platforms and their attestations. Its type, annotations and entries stay as they
 * are, and one child that is left over stays in an index. Undefined when nothing is to be left out, or it is no index.
 * @throws OciError `NOT_FOUND` when no child would be left, `MANIFEST_INVALID`, and what the reader throws
 */
export async function smallerIndex(
  from: { readonly reader: Reader; readonly at: Place; readonly descriptor: Descriptor },
  options: { readonly platforms: PlatformFilter; readonly signal?: AbortSignal | undefined },
): Promise<SmallerIndex | undefined> {
  if (!isIndexType(from.descriptor.mediaType)) return undefined;
  const made = await shrink({ ...from, ...options, depth: 0 });
  if (made === "empty")
    throw nothingLeft(from.descriptor, await from.reader.manifest(from.at, from.descriptor, { signal: options.signal }));
  return made;
}

interface Shrinking {
  readonly reader: Reader;
  readonly at: Place;
  readonly descriptor: Descriptor;
  readonly platforms: PlatformFilter;
  readonly signal?: AbortSignal | undefined;
  readonly depth: number;
}

async function shrink(what: Shrinking): Promise<SmallerIndex | undefined | "empty"> {
  const { descriptor, platforms } = what;
  if (what.depth > MAX_DEPTH) throw invalid(descriptor, `its indexes are nested deeper than ${MAX_DEPTH} levels`);
  const content = await what.reader.manifest(what.at, descriptor, { signal: what.signal });
  const manifest = parseManifest(content.bytes, content.mediaType, descriptor.digest);
  if (manifest.kind !== "index") throw invalid(descriptor, "it is no index");
  const refused = new Set(chooseChildren(manifest, platforms).unwanted.map(({ digest }) => digest as string));
  // The document's own entries are kept, with whatever they hold beyond what is parsed; both lists are in the same order.
  const document = JSON.parse(new TextDecoder().decode(content.bytes)) as { readonly manifests: readonly object[] };
  const kept: object[] = [];
  const inner: ManifestBytes[] = [];
  for (const [index, child] of manifest.manifests.entries()) {
    if (refused.has(child.digest)) continue;
    const smaller = isIndexType(child.mediaType) ? await shrink({ ...what, descriptor: child, depth: what.depth + 1 }) : undefined;
    if (smaller === "empty") continue;
    inner.push(...(smaller?.manifests ?? []));
    const entry = document.manifests[index] ?? {};
    kept.push(smaller === undefined ? entry : { ...entry, digest: smaller.descriptor.digest, size: smaller.descriptor.size });
  }
  if (kept.length === manifest.manifests.length && inner.length === 0) return undefined;
  if (kept.length === 0) return "empty";
  const bytes = new TextEncoder().encode(JSON.stringify({ ...document, manifests: kept }));
  const digest = digestOf(bytes, digestAlgorithm(descriptor.digest));
  const { mediaType } = content;
  return {
    descriptor: { ...described(descriptor), mediaType, digest, size: bytes.byteLength },
    manifests: [...inner, { mediaType, digest, bytes }],
  };
}

/** What is said about an index beside its bytes; `data` is those bytes. */
function described(child: Descriptor): Descriptor {
  const { data: _, ...descriptor } = child;
  return descriptor;
}

function nothingLeft(descriptor: Descriptor, content: ManifestBytes): OciError {
  const manifest = parseManifest(content.bytes, content.mediaType, descriptor.digest);
  const there = (manifest.kind === "index" ? manifest.manifests : []).flatMap(({ platform }) =>
    platform === undefined || isUnknownPlatform(platform) ? [] : [formatPlatform(platform)],
  );
  return new OciError({
    code: "NOT_FOUND",
    message: `Cannot make a smaller index of ${descriptor.digest}: none of the platforms asked for is in it; it has ${[...new Set(there)].sort().join(", ")}`,
    subject: descriptor.digest,
    hint: "Name one of these platforms.",
  });
}

function invalid(descriptor: Descriptor, why: string): OciError {
  return new OciError({
    code: "MANIFEST_INVALID",
    message: `Cannot make a smaller index of ${descriptor.digest}: ${why}`,
    subject: descriptor.digest,
  });
}
