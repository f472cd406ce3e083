import { OciError } from "../../errors.ts";
import type { Descriptor } from "../../model/descriptor.ts";
import { openDir } from "../dir/dir-store.ts";
import { type DockerArchive, openDockerArchive } from "../docker-archive/docker-archive.ts";
import { savedName } from "../docker-archive/saved-images.ts";
import { type ArchiveOptions, openArchive } from "../layout/archive-reader.ts";
import { createArchive } from "../layout/archive-writer.ts";
import type { LayoutReader } from "../layout/layout-reader.ts";
import { openLayout } from "../layout/layout-store.ts";
import { UnpackedTars } from "../tar/unpacked-tars.ts";
import type { Place, Reader, Writer } from "../types.ts";
import { type LayoutReference, parseLayoutReference } from "./parse.ts";

/** Layouts have no repositories: names stand alone. */
const NOWHERE: Place = { repository: "" };

/** How images on a disk are opened. */
export interface OpenOptions {
  readonly signal?: AbortSignal | undefined;
  /** Where compressed archives are unpacked, shared by all that is opened with it; each for itself when missing. */
  readonly tars?: UnpackedTars | undefined;
}

/** An image on a disk, ready to be read. */
export interface OpenedReader extends AsyncDisposable {
  readonly reader: Reader;
  readonly at: Place;
  readonly descriptor: Descriptor;
  /** Its name inside, where it has one. */
  readonly name: string | undefined;
}

/** A place on a disk, ready to be written to. */
export interface OpenedWriter extends AsyncDisposable {
  readonly writer: Writer;
  readonly at: Place;
  /** Tags to give to the image's root. */
  readonly tags: readonly string[];
  /** False for forms that have no room for referrers and signatures. */
  readonly takesReferrers: boolean;
  /** Completes what was written. Without it (disposal after an error) archives are not replaced. */
  finish(): Promise<void>;
}

/**
 * Opens the image that a LAYOUT names: `oci:DIR[:NAME]`, `oci-archive:FILE[:NAME]`, `dir:DIR`, `docker-archive:FILE[:REF]`,
 * with `@DIGEST` in place of a name.
 * @throws OciError `REFERENCE_INVALID`, `NOT_FOUND`, `AMBIGUOUS` naming the images inside when none was named,
 * `LAYOUT_INVALID`, `ARCHIVE_INVALID`, `UNSUPPORTED`
 */
export async function openReader(text: string, options: OpenOptions = {}): Promise<OpenedReader> {
  const reference = parseLayoutReference(text);
  switch (reference.transport) {
    case "oci":
      return opened(await inLayout(reference, await openLayout(reference.path)));
    case "oci-archive":
      return inTar(reference, { options, find: async (path, how) => inLayout(reference, await openArchive(path, how)) });
    case "docker-archive":
      return inTar(reference, { options, find: async (path, how) => inDockerArchive(reference, await openDockerArchive(path, how)) });
    case "dir": {
      const reader = await openDir(reference.path);
      return opened({ reader, name: undefined, descriptor: await reader.resolve(NOWHERE, ""), reference });
    }
    default:
      return reference.transport satisfies never;
  }
}

interface InTar {
  readonly options: OpenOptions;
  readonly find: (path: string, how: ArchiveOptions) => Promise<Found>;
}

/** An archive is unpacked where it is compressed; what was unpacked for it alone goes when it is closed. */
async function inTar({ path }: LayoutReference, { options, find }: InTar): Promise<OpenedReader> {
  const own = options.tars === undefined ? new UnpackedTars() : undefined;
  const close = async (): Promise<void> => own?.[Symbol.asyncDispose]();
  try {
    const plain = await (own ?? options.tars)?.plain(path, options.signal);
    return { ...opened(await find(plain ?? path, { signal: options.signal, shown: path })), [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Opens a LAYOUT to be written to; folders are made. `oci:` adds to what is there, `oci-archive:` is written anew.
 * @throws OciError `REFERENCE_INVALID`, `UNSUPPORTED` for a docker archive, `BUSY`, `LAYOUT_INVALID`, `IO_FAILED`, `NO_SPACE`
 */
export async function openWriter(text: string): Promise<OpenedWriter> {
  const reference = parseLayoutReference(text);
  if (reference.digest !== undefined) throw refused(reference, "a digest is no name to write under", "REFERENCE_INVALID");
  const tags = reference.name === undefined ? [] : [reference.name];
  switch (reference.transport) {
    case "oci": {
      const writer = await openLayout(reference.path, { create: true });
      const close = (): Promise<void> => writer.close();
      return { writer, at: NOWHERE, tags, takesReferrers: true, finish: close, [Symbol.asyncDispose]: close };
    }
    case "oci-archive": {
      const writer = await createArchive(reference.path);
      const discard = (): Promise<void> => writer.discard();
      return { writer, at: NOWHERE, tags, takesReferrers: true, finish: () => writer.close(), [Symbol.asyncDispose]: discard };
    }
    case "dir": {
      const writer = await openDir(reference.path, { create: true });
      return { writer, at: NOWHERE, tags: ["latest"], takesReferrers: false, finish: nothing, [Symbol.asyncDispose]: nothing };
    }
    case "docker-archive":
      throw refused(reference, "a docker archive is only read, because it cannot hold an image unchanged", "UNSUPPORTED");
    default:
      return reference.transport satisfies never;
  }
}

interface Found {
  readonly reader: Reader;
  readonly name: string | undefined;
  readonly descriptor: Descriptor | undefined;
  readonly reference: LayoutReference;
}

function opened({ reader, name, descriptor, reference }: Found): OpenedReader {
  if (descriptor === undefined) throw refused(reference, "there is no such image in it", "NOT_FOUND");
  return { reader, at: NOWHERE, descriptor, name, [Symbol.asyncDispose]: nothing };
}

async function inLayout(reference: LayoutReference, reader: LayoutReader): Promise<Found> {
  const wanted = reference.digest ?? reference.name;
  if (wanted !== undefined) return { reader, name: reference.name, descriptor: await reader.resolve(NOWHERE, wanted), reference };
  const images = reader.images();
  const [only] = images;
  if (only === undefined) throw refused(reference, "there is no image in it", "NOT_FOUND");
  if (images.length > 1)
    throw ambiguous(
      reference,
      images.map(({ name, descriptor }) => name ?? `@${descriptor.digest}`),
    );
  return { reader, name: only.name, descriptor: await reader.resolve(NOWHERE, only.descriptor.digest), reference };
}

async function inDockerArchive(reference: LayoutReference, reader: DockerArchive): Promise<Found> {
  const wanted = reference.digest ?? (reference.name === undefined ? undefined : savedName(reference.name));
  if (wanted !== undefined) return { reader, name: reference.name, descriptor: await reader.resolve(NOWHERE, wanted), reference };
  if (reader.images.length > 1)
    throw ambiguous(
      reference,
      reader.images.flatMap(({ names }) => names),
    );
  return { reader, name: reader.images[0]?.names[0], descriptor: await reader.resolve(NOWHERE, "@0"), reference };
}

function ambiguous(reference: LayoutReference, names: readonly string[]): OciError {
  const shown = names.slice(0, 20).join(", ");
  return new OciError({
    code: "AMBIGUOUS",
    message: `Cannot choose an image in ${reference.text}: it holds ${names.length}: ${shown}${names.length > 20 ? ", …" : ""}`,
    subject: reference.text,
    hint: "Name one of them after a colon.",
  });
}

function refused(reference: LayoutReference, why: string, code: "NOT_FOUND" | "UNSUPPORTED" | "REFERENCE_INVALID"): OciError {
  return new OciError({ code, message: `Cannot use ${reference.text}: ${why}`, subject: reference.text });
}

async function nothing(): Promise<void> {}
