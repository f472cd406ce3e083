import { isOciError, OciError } from "../../errors.ts";
import { verified } from "../../hash.ts";
import type { Descriptor } from "../../model/descriptor.ts";
import { type Digest, isDigest } from "../../model/digest.ts";
import { manifestMediaType } from "../../model/manifest.ts";
import {
  type ByteSource,
  type ForeignReader,
  type IoOptions,
  isForeignReader,
  isLister,
  type Lister,
  type ManifestBytes,
  type Place,
  type Reader,
  type ReferrerOptions,
} from "../types.ts";
import type { ContentPlace } from "./content-place.ts";

export interface DigestPoolOptions {
  /** Asked for what none of the places holds, and for tags and referrers. */
  readonly fallback?: Reader | undefined;
}

/**
 * Reads images from whatever places hold their digests, in the order given: cheapest first. 300 GB that another tool left on
 * a disk need not come over the wire again. Repositories do not matter: a digest is the same everywhere.
 */
export class DigestPool implements Reader, Lister, ForeignReader {
  readonly name: string;
  readonly #places: readonly ContentPlace[];
  readonly #fallback: Reader | undefined;
  readonly #damaged = new Set<string>();

  constructor(places: readonly ContentPlace[], options: DigestPoolOptions = {}) {
    this.#places = places;
    this.#fallback = options.fallback;
    this.name = [...places, ...(options.fallback === undefined ? [] : [options.fallback])].map(({ name }) => name).join(", ");
  }

  /** Digests from the places; tags from the fallback, and by full name (`host/repository:tag`) from the places. */
  async resolve(at: Place, name: string, options?: IoOptions): Promise<Descriptor | undefined> {
    if (!isDigest(name)) {
      return (await this.#fallback?.resolve(at, name, options)) ?? this.#named(at.repository === "" ? name : `${at.repository}:${name}`);
    }
    for (const { content } of this.#places) {
      const size = await content.size(name);
      if (size !== undefined) return { mediaType: manifestMediaType(await content.small(name), undefined), digest: name, size };
    }
    return this.#fallback?.resolve(at, name, options);
  }

  async manifest(at: Place, descriptor: Pick<Descriptor, "digest" | "mediaType" | "size">, options?: IoOptions): Promise<ManifestBytes> {
    const { digest } = descriptor;
    for (const { content } of this.#places) {
      if ((await content.size(digest)) === undefined) continue;
      const bytes = await content.small(digest).catch(passOverDamage);
      if (bytes !== undefined) return { mediaType: manifestMediaType(bytes, descriptor.mediaType), digest, bytes };
    }
    if (this.#fallback !== undefined) return this.#fallback.manifest(at, descriptor, options);
    throw notFound(digest, this.name);
  }

  /** From the first place that holds it whole. A place whose copy turns out to be damaged is passed over the next time. */
  blob(at: Place, descriptor: Descriptor): ByteSource {
    const open = (offset: number, options: IoOptions | undefined): AsyncIterable<Uint8Array> =>
      this.#open(at, { descriptor, offset, options });
    return { size: descriptor.size, open };
  }

  /** The fallback's gate: a copy that falls back has its place there already. */
  get host(): string | undefined {
    return this.#fallback?.host;
  }

  async *repositories(options?: IoOptions): AsyncGenerator<string> {
    if (this.#fallback !== undefined) yield* this.#lister(this.#fallback).repositories(options);
    else yield* new Set(this.#names().map((name) => name.slice(0, name.lastIndexOf(":"))));
  }

  async *tags(at: Place, options?: IoOptions): AsyncGenerator<string> {
    if (this.#fallback !== undefined) yield* this.#lister(this.#fallback).tags(at, options);
    else for (const name of this.#names()) if (name.startsWith(`${at.repository}:`)) yield name.slice(at.repository.length + 1);
  }

  foreign(descriptor: Descriptor): ByteSource {
    if (this.#fallback !== undefined && isForeignReader(this.#fallback)) return this.#fallback.foreign(descriptor);
    return this.blob({ repository: "" }, descriptor);
  }

  #names(): readonly string[] {
    return this.#places.flatMap(({ names }) => [...names.keys()]);
  }

  #lister(fallback: Reader): Lister {
    if (isLister(fallback)) return fallback;
    throw new OciError({ code: "UNSUPPORTED", message: `Cannot list ${fallback.name}`, subject: fallback.name });
  }

  async *#open(at: Place, read: Read): AsyncGenerator<Uint8Array> {
    const { descriptor, offset, options } = read;
    for (const { name, content } of this.#places) {
      const key = `${name} ${descriptor.digest}`;
      if (this.#damaged.has(key) || (await content.size(descriptor.digest)) !== descriptor.size) continue;
      const body = content.source(descriptor).open(offset, options);
      try {
        yield* offset === 0 ? verified(body, descriptor) : body;
        return;
      } catch (error) {
        if (isOciError(error) && (error.code === "DIGEST_MISMATCH" || error.code === "SIZE_MISMATCH")) this.#damaged.add(key);
        throw error;
      }
    }
    if (this.#fallback === undefined) throw notFound(descriptor.digest, this.name);
    yield* this.#fallback.blob(at, descriptor).open(offset, options);
  }

  async *referrers(at: Place, subject: Digest, options?: ReferrerOptions): AsyncGenerator<Descriptor> {
    if (this.#fallback !== undefined) yield* this.#fallback.referrers(at, subject, options);
  }

  async #named(name: string): Promise<Descriptor | undefined> {
    for (const { content, names } of this.#places) {
      const found = names.get(name);
      const size = found === undefined ? undefined : await content.size(found.digest);
      if (found === undefined || size === undefined) continue;
      return { mediaType: manifestMediaType(await content.small(found.digest), found.mediaType), digest: found.digest, size };
    }
    return undefined;
  }
}

interface Read {
  readonly descriptor: Descriptor;
  readonly offset: number;
  readonly options: IoOptions | undefined;
}

/** A damaged copy in one place does not keep a good one in the next from being used. */
function passOverDamage(error: unknown): undefined {
  if (isOciError(error) && (error.code === "DIGEST_MISMATCH" || error.code === "NOT_FOUND")) return undefined;
  throw error;
}

function notFound(digest: Digest, name: string): OciError {
  return new OciError({ code: "NOT_FOUND", message: `Cannot read ${digest}: it is not in ${name}`, subject: digest });
}
