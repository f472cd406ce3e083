import {
  type Descriptor,
  isOciError,
  OciError,
  type OpenedReader,
  type OpenedWriter,
  openReader,
  openWriter,
  type Place,
  type Reader,
  type Registries,
  referenceName,
  UnpackedTars,
  type Writer,
} from "@skerry/oci";
import { type Job, pathOf } from "../command/job.ts";
import type { ImageName, LayoutName } from "../names/image-name.ts";

/** An image that was found. */
export interface FoundImage {
  readonly reader: Reader;
  readonly at: Place;
  readonly descriptor: Descriptor;
}

/** Where an image is to go. */
export interface TargetPlace {
  readonly writer: Writer;
  readonly at: Place;
  /** Tags that the name itself gives; may be empty. */
  readonly tags: readonly string[];
  readonly takesReferrers: boolean;
}

/** Opens what REF and LAYOUT name: registries through the run's connections, folders and files once each. */
export class Places implements AsyncDisposable {
  readonly #job: Pick<Job<unknown>, "world" | "signal">;
  readonly #registries: Registries;
  /** Compressed archives, unpacked as long as this is open. */
  readonly tars: UnpackedTars = new UnpackedTars();
  readonly #readers: Map<string, Promise<OpenedReader>> = new Map();
  readonly #writers: Map<string, Promise<OpenedWriter>> = new Map();

  constructor(job: Pick<Job<unknown>, "world" | "signal">, registries: Registries) {
    this.#job = job;
    this.#registries = registries;
  }

  /**
   * Finds an image by one request, or a look at the disk.
   * @throws OciError `NOT_FOUND` when it is not there, and what the store throws
   */
  async find(name: ImageName): Promise<FoundImage> {
    if (name.kind === "layout") {
      const { reader, at, descriptor } = await this.#opened(name);
      return { reader, at, descriptor };
    }
    const { registry, repository } = name.reference;
    const reader = this.#registries.reader(registry);
    const at = { repository };
    const descriptor = await reader.resolve(at, referenceName(name.reference), { signal: this.#job.signal });
    if (descriptor === undefined) throw notFound(name);
    return { reader, at, descriptor };
  }

  /** A place to write to. Layouts are made when they are not there. */
  async target(name: ImageName): Promise<TargetPlace> {
    if (name.kind === "registry") {
      const { registry, repository, tag } = name.reference;
      const tags = tag === undefined ? [] : [tag];
      return { writer: this.#registries.writer(registry), at: { repository }, tags, takesReferrers: true };
    }
    // Two names of one layout are written through one writer: it holds the layout's lock.
    const folder = `${name.transport}:${pathOf(this.#job, name.path)}`;
    const opened = this.#writers.get(folder) ?? openWriter(folder);
    this.#writers.set(folder, opened);
    const { writer, at, tags, takesReferrers } = await opened;
    return { writer, at, tags: name.name === undefined ? tags : [name.name], takesReferrers };
  }

  /** Completes what was written to files. Without it, archives are not replaced. */
  async finish(): Promise<void> {
    for (const writer of this.#writers.values()) await (await writer).finish();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const place of [...this.#writers.values(), ...this.#readers.values()]) {
      // One that could not be opened has nothing to close, and was reported where it was used.
      await place.then(
        (opened) => opened[Symbol.asyncDispose](),
        () => undefined,
      );
    }
    await this.tars[Symbol.asyncDispose]();
  }

  #opened(name: LayoutName): Promise<OpenedReader> {
    const text = layoutText(name, pathOf(this.#job, name.path));
    const opened = this.#readers.get(text) ?? openReader(text, { signal: this.#job.signal, tars: this.tars });
    this.#readers.set(text, opened);
    return opened;
  }
}

/** Hosts that names lead to. */
export function hostsOf(names: readonly ImageName[]): readonly string[] {
  return [...new Set(names.flatMap((name) => (name.kind === "registry" ? [name.reference.registry] : [])))].sort();
}

/** The error of an image that is not there. */
export function notFound(name: ImageName): OciError {
  const registry = name.kind === "registry" ? { host: name.reference.registry, status: 404 } : {};
  return new OciError({
    code: "NOT_FOUND",
    message: `Cannot find ${name.text}: there is no such image`,
    subject: name.text,
    ...registry,
    hint:
      name.kind === "registry"
        ? `List what is there: skerry tags ${name.reference.registry}/${name.reference.repository}`
        : "Check the path and the name.",
  });
}

/**
 * The error of a repository that lists no tag. Registries answer a missing repository and an empty one in the same way, or in
 * ways that differ: both are a fault.
 */
export function noTags(name: string, host: string): OciError {
  return new OciError({
    code: "NOT_FOUND",
    message: `Cannot list the tags of ${name}: there is no such repository, or nothing in it has a tag`,
    subject: name,
    host,
    hint: `List the repositories: skerry repos ${host}`,
  });
}

/** Any fault as the error of one image, or thrown when it is none of this package's. */
export function imageFault(error: unknown): OciError {
  if (isOciError(error)) return error;
  throw error;
}

function layoutText(name: LayoutName, path: string): string {
  if (name.name === undefined) return `${name.transport}:${path}`;
  return name.name.startsWith("@") ? `${name.transport}:${path}${name.name}` : `${name.transport}:${path}:${name.name}`;
}
