import { crc32 } from "node:zlib";
import { type Descriptor, type Digest, digestOf, MEDIA_TYPES } from "@skerry/oci";
import { pack } from "tar-stream";

/** A file of a layer; its folders are made. */
export interface LayerFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Content that a manifest points at. */
export interface Blob {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/** A compressed layer with the digest of its tar. */
export interface Layer extends Blob {
  readonly diffId: Digest;
}

/** A tar+gzip layer with fixed times and owners; the same files give the same bytes on every machine. */
export async function buildLayer(files: readonly LayerFile[], docker: boolean): Promise<Layer> {
  const tar = await tarOf(files);
  const bytes = storedGzip(tar);
  const mediaType = docker ? MEDIA_TYPES.dockerLayerGzip : MEDIA_TYPES.ociLayerGzip;
  return { ...blob(bytes, mediaType), diffId: digestOf(tar) };
}

/** The same layer under the media type of the other family. */
export function asFamily(layer: Layer, docker: boolean): Layer {
  return { ...layer, descriptor: { ...layer.descriptor, mediaType: docker ? MEDIA_TYPES.dockerLayerGzip : MEDIA_TYPES.ociLayerGzip } };
}

/** Bytes with their descriptor. */
export function blob(bytes: Uint8Array, mediaType: string): Blob {
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.byteLength }, bytes };
}

async function tarOf(files: readonly LayerFile[]): Promise<Buffer> {
  const tar = pack();
  const folders = new Set<string>();
  for (const file of files) {
    for (const folder of foldersOf(file.path)) {
      if (folders.has(folder)) continue;
      folders.add(folder);
      tar.entry({ name: `${folder}/`, type: "directory", mode: 0o755, mtime: new Date(0) });
    }
    tar.entry({ name: file.path, mode: 0o644, mtime: new Date(0) }, Buffer.from(file.bytes));
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function foldersOf(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

const STORED_BLOCK = 65_535;

/** Gzip without compression (RFC 1951 3.2.4): fast, and no zlib decides about the bytes. */
function storedGzip(bytes: Buffer): Buffer {
  const out: Uint8Array[] = [Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])];
  for (let at = 0; at === 0 || at < bytes.byteLength; at += STORED_BLOCK) {
    const block = bytes.subarray(at, at + STORED_BLOCK);
    const head = Buffer.alloc(5);
    head.writeUInt8(at + STORED_BLOCK >= bytes.byteLength ? 1 : 0, 0);
    head.writeUInt16LE(block.byteLength, 1);
    head.writeUInt16LE(~block.byteLength & 0xffff, 3);
    out.push(head, block);
  }
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(crc32(bytes), 0);
  tail.writeUInt32LE(bytes.byteLength >>> 0, 4);
  return Buffer.concat([...out, tail]);
}
