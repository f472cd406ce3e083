import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { type Descriptor, type Digest, digestOf, MEDIA_TYPES, OciError, type Place, type Reader } from "@skerry/oci";
import { type TarMember, writeTar } from "../tar/write.ts";
import { bytesSource } from "./layer-file.ts";

/** A member of a test layer: path to text, or a member as it is. */
export type LayerContent = Readonly<Record<string, string>> | readonly TarMember[];

/** A store in memory that counts how often each thing is read; for tests. */
export class TestStore implements Reader {
  readonly name: string = "memory";
  readonly contents: Map<Digest, { readonly bytes: Uint8Array; readonly mediaType: string }> = new Map();
  readonly reads: string[] = [];
  readonly place: Place = { repository: "test/image" };

  put(bytes: Uint8Array, mediaType: string): Descriptor {
    const digest = digestOf(bytes);
    this.contents.set(digest, { bytes, mediaType });
    return { mediaType, digest, size: bytes.byteLength };
  }

  putJson(document: unknown, mediaType: string): Descriptor {
    return this.put(Buffer.from(JSON.stringify(document)), mediaType);
  }

  /** An image of the given layers. */
  async image(options: {
    readonly layers: readonly Uint8Array[];
    readonly labels?: Readonly<Record<string, string>>;
    readonly config?: Readonly<Record<string, unknown>>;
    readonly docker?: boolean;
    readonly architecture?: string;
  }): Promise<Descriptor> {
    const docker = options.docker === true;
    const layers = options.layers.map((bytes) => this.put(bytes, docker ? MEDIA_TYPES.dockerLayerGzip : MEDIA_TYPES.ociLayerGzip));
    const config = this.putJson(
      {
        architecture: options.architecture ?? "amd64",
        os: "linux",
        created: "2024-05-06T07:08:09Z",
        config: { Labels: options.labels ?? {}, ...options.config },
        rootfs: { type: "layers", diff_ids: options.layers.map((bytes) => digestOf(plain(bytes))) },
        history: layers.map(() => ({ created_by: "test" })),
      },
      docker ? MEDIA_TYPES.dockerConfig : MEDIA_TYPES.ociConfig,
    );
    const mediaType = docker ? MEDIA_TYPES.dockerManifest : MEDIA_TYPES.ociManifest;
    return this.putJson({ schemaVersion: 2, mediaType, config, layers }, mediaType);
  }

  index(children: readonly Descriptor[], mediaType: string = MEDIA_TYPES.ociIndex): Descriptor {
    return this.putJson({ schemaVersion: 2, mediaType, manifests: children }, mediaType);
  }

  async resolve(_at: Place, name: string): Promise<Descriptor | undefined> {
    const found = this.contents.get(name as Digest);
    return found === undefined ? undefined : { mediaType: found.mediaType, digest: name as Digest, size: found.bytes.byteLength };
  }

  async manifest(...[, descriptor]: Parameters<Reader["manifest"]>): ReturnType<Reader["manifest"]> {
    this.reads.push(`manifest ${descriptor.digest}`);
    const found = this.contents.get(descriptor.digest);
    if (found === undefined) throw new OciError({ code: "NOT_FOUND", message: `no ${descriptor.digest}` });
    return { mediaType: found.mediaType, digest: descriptor.digest, bytes: found.bytes };
  }

  blob(_at: Place, descriptor: Descriptor): ReturnType<Reader["blob"]> {
    this.reads.push(`blob ${descriptor.digest}`);
    const found = this.contents.get(descriptor.digest);
    if (found === undefined) throw new OciError({ code: "NOT_FOUND", message: `no ${descriptor.digest}` });
    return bytesSource(found.bytes);
  }

  async *referrers(): AsyncGenerator<Descriptor> {}
}

/** Bytes of a stream. */
export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

/** A tar file of the given members. */
export async function testTar(content: LayerContent): Promise<Buffer> {
  const members = Array.isArray(content)
    ? (content as readonly TarMember[])
    : Object.entries(content as Readonly<Record<string, string>>).map(([path, text]) => textMember(path, text));
  return collect(writeTar(members));
}

/** A compressed layer of the given members. */
export async function testLayer(content: LayerContent, how: "gzip" | "zstd" | "none" = "gzip"): Promise<Buffer> {
  const tar = await testTar(content);
  if (how === "none") return tar;
  return how === "zstd" ? zstdCompressSync(tar) : gzipSync(tar);
}

function plain(layer: Uint8Array): Uint8Array {
  const hex = Buffer.from(layer).toString("hex", 0, 4);
  if (hex.startsWith("1f8b")) return gunzipSync(layer);
  return hex === "28b52ffd" ? zstdDecompressSync(layer) : layer;
}

function textMember(path: string, text: string): TarMember {
  const bytes = Buffer.from(text);
  return { path, size: bytes.byteLength, content: bytesSource(bytes).open(0) };
}
