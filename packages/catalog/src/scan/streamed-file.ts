import { CatalogError } from "../errors.ts";
import type { CatalogFiles } from "./source-files.ts";
import { newSpool } from "./spool.ts";

/** Most that is taken from a stream: ten times the largest published catalog. */
export const MAX_STREAM_BYTES: number = 4 * 1024 * 1024 * 1024;

/**
 * A catalog that comes as a stream, such as standard input: kept in memory while it is small, else in a private file
 * without a name until the catalog is closed.
 *
 * @throws CatalogError LIMIT_EXCEEDED for a stream that does not end.
 */
export async function streamedFile(
  name: string,
  chunks: AsyncIterable<Uint8Array>,
  options: { readonly workdir?: string; readonly signal?: AbortSignal } = {},
): Promise<CatalogFiles> {
  const spool = newSpool(options.workdir);
  try {
    for await (const chunk of chunks) {
      options.signal?.throwIfAborted();
      spool.append(chunk);
      if (spool.size > MAX_STREAM_BYTES) {
        throw new CatalogError({
          code: "LIMIT_EXCEEDED",
          message: `Cannot read ${name}: it has more than ${MAX_STREAM_BYTES} bytes`,
          subject: name,
          hint: "Write the catalog to a file and name that.",
        });
      }
    }
  } catch (error) {
    spool.close();
    throw error;
  }
  const handle = { read: (into: Uint8Array, position: number) => spool.read(into, position), close() {} };
  return { files: [{ path: name, size: spool.size, open: () => handle }], problems: [], close: async () => spool.close() };
}
