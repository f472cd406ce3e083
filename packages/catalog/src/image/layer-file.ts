import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type ByteSource, type Descriptor, type Digest, digestHex, Hasher } from "@skerry/oci";
import { deterministicGzip } from "./deterministic-gzip.ts";
import { onDisk } from "./io-failure.ts";

/** A compressed layer on disk. */
export interface LayerFile {
  readonly descriptor: Descriptor;
  /** Digest of the tar inside, for the image's configuration. */
  readonly diffId: Digest;
  readonly source: ByteSource;
  remove(): Promise<void>;
}

/** Compresses a tar stream into a private file named by its digest. */
export function writeLayer(
  tar: AsyncIterable<Uint8Array>,
  at: { readonly workdir: string; readonly mediaType: string },
): Promise<LayerFile> {
  return onDisk({ action: "write a layer into", path: at.workdir }, () => compressed(tar, at));
}

async function compressed(
  tar: AsyncIterable<Uint8Array>,
  at: { readonly workdir: string; readonly mediaType: string },
): Promise<LayerFile> {
  await mkdir(at.workdir, { recursive: true, mode: 0o700 });
  const temporary = join(at.workdir, `.layer-${randomUUID()}`);
  const [inner, outer] = [new Hasher(), new Hasher()];
  try {
    await using file = await open(temporary, "wx", 0o600);
    for await (const chunk of deterministicGzip(counted(tar, inner))) {
      outer.update(chunk);
      await file.write(chunk);
    }
    const digest = outer.digest();
    const path = join(at.workdir, `${digestHex(digest)}.tar.gz`);
    await rename(temporary, path);
    const descriptor = { mediaType: at.mediaType, digest, size: outer.size };
    return { descriptor, diffId: inner.digest(), source: fileSource(path, outer.size), remove: () => rm(path, { force: true }) };
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Bytes at hand as a source. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.byteLength,
    async *open(offset) {
      if (offset < bytes.byteLength) yield bytes.subarray(offset);
    },
  };
}

function fileSource(path: string, size: number): ByteSource {
  return {
    size,
    async *open(offset, options) {
      if (offset >= size) return;
      for await (const chunk of createReadStream(path, { start: offset, highWaterMark: 262_144, signal: options?.signal }))
        yield chunk as Uint8Array;
    },
  };
}

async function* counted(chunks: AsyncIterable<Uint8Array>, hasher: Hasher): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    hasher.update(chunk);
    yield chunk;
  }
}
