import { open } from "node:fs/promises";
import { diskError } from "../disk/errors.ts";

/** How a file is compressed, by its first bytes. */
export type Compression = "gzip" | "zstd" | "xz" | "bzip2";

/** The compression that first bytes tell of; undefined for none. */
export function compressionOf(block: Uint8Array): Compression | undefined {
  if (block[0] === 0x1f && block[1] === 0x8b) return "gzip";
  if (block[0] === 0x28 && block[1] === 0xb5 && block[2] === 0x2f && block[3] === 0xfd) return "zstd";
  if (block[0] === 0xfd && block[1] === 0x37 && block[2] === 0x7a) return "xz";
  return block[0] === 0x42 && block[1] === 0x5a && block[2] === 0x68 ? "bzip2" : undefined;
}

/**
 * The compression of a file.
 * @throws OciError `NOT_FOUND`, `IO_FAILED`
 */
export async function fileCompression(path: string): Promise<Compression | undefined> {
  try {
    await using file = await open(path, "r");
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return compressionOf(buffer.subarray(0, bytesRead));
  } catch (error) {
    throw diskError(error, "open the archive", path);
  }
}
