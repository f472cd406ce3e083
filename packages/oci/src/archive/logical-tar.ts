import { join } from "node:path";
import { readFrom } from "../store/disk/read-file.ts";
import type { IoOptions } from "../store/types.ts";
import type { ArchiveContents } from "./contents.ts";

/** The logical tar, which is its volumes one after the other: an OCI archive for skopeo and podman. */
export async function* logicalTar(dir: string, contents: ArchiveContents, options: IoOptions = {}): AsyncGenerator<Uint8Array> {
  for (const { name, bytes } of contents.volumes) {
    yield* readFrom(join(dir, name), { ...options, offset: 0, ...(bytes === undefined ? {} : { length: bytes }) });
  }
}
