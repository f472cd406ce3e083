import { type Descriptor, OciError, type Place, type Reader, verified } from "@skerry/oci";

const MAX_BYTES = 8 * 1024 * 1024;

/**
 * A small blob, such as a configuration, whole and verified.
 * @throws OciError `TOO_LARGE` beyond 8 MiB, `DIGEST_MISMATCH`, `SIZE_MISMATCH`, and what the store throws
 */
export async function readSmallBlob(
  from: { readonly reader: Reader; readonly at: Place },
  descriptor: Descriptor,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (descriptor.size > MAX_BYTES) {
    throw new OciError({
      code: "TOO_LARGE",
      message: `Cannot read blob ${descriptor.digest}: it has ${descriptor.size} bytes, at most ${MAX_BYTES} are read whole`,
      subject: descriptor.digest,
    });
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of verified(from.reader.blob(from.at, descriptor).open(0, { signal }), descriptor)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
