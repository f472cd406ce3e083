import { isOciError } from "../errors.ts";
import type { Descriptor } from "../model/descriptor.ts";
import type { Digest } from "../model/digest.ts";
import { type IoOptions, isLister, type Place, type Reader } from "../store/types.ts";

/** Suffixes under which cosign keeps signatures, attestations and SBOMs. cosign "signature spec". */
const SUFFIXES = ["sig", "att", "sbom"] as const;

/** Pages of 1,000 at most registries; beyond this, asking for three names is cheaper than reading the list. */
const MAX_TAGS = 10_000;

/** `sha256-<hex>.sig`, `.att` and `.sbom` of a manifest. */
export function signatureTagsOf(subject: Digest): readonly string[] {
  return SUFFIXES.map((suffix) => `${subject.replace(":", "-")}.${suffix}`);
}

/**
 * Finds the tags that belong to a digest (cosign's, and those of the referrers' tag schema) with as few requests as possible:
 * the tags of a repository are listed once for all its images, and only names of that form are kept. Where listing is refused,
 * unknown or endless, each name is asked for.
 */
export class SignatureTags {
  readonly #lists = new WeakMap<Reader, Map<string, Promise<ReadonlySet<string> | undefined>>>();

  /** The signature tags that exist for a manifest, with what they point at. */
  async of(
    reader: Reader,
    at: Place,
    options: IoOptions & { readonly subject: Digest },
  ): Promise<{ tag: string; descriptor: Descriptor }[]> {
    const listed = await this.listed(reader, at, options);
    const found: { tag: string; descriptor: Descriptor }[] = [];
    for (const tag of signatureTagsOf(options.subject)) {
      if (listed !== undefined && !listed.has(tag)) continue;
      const descriptor = await reader.resolve(at, tag, options);
      if (descriptor !== undefined) found.push({ tag, descriptor });
    }
    return found;
  }

  /** The digest tags that a repository has; undefined where that is not known. */
  listed(reader: Reader, at: Place, options: IoOptions): Promise<ReadonlySet<string> | undefined> {
    const lists = this.#lists.get(reader) ?? new Map<string, Promise<ReadonlySet<string> | undefined>>();
    this.#lists.set(reader, lists);
    const known = lists.get(at.repository);
    if (known !== undefined) return known;
    const started = list(reader, at, options);
    lists.set(at.repository, started);
    started.catch(() => lists.delete(at.repository));
    return started;
  }
}

async function list(reader: Reader, at: Place, options: IoOptions): Promise<ReadonlySet<string> | undefined> {
  if (!isLister(reader)) return undefined;
  const found = new Set<string>();
  let count = 0;
  try {
    for await (const tag of reader.tags(at, options)) {
      if (++count > MAX_TAGS) return undefined;
      if (/^sha(?:256|512)-[0-9a-f]{64,128}(?:\.(?:sig|att|sbom))?$/.test(tag)) found.add(tag);
    }
  } catch (error) {
    if (isOciError(error) && (error.code === "ABORTED" || error.code === "UNREACHABLE")) throw error;
    return undefined;
  }
  return found;
}
