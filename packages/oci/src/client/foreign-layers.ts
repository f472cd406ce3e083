import type { Descriptor } from "../model/descriptor.ts";
import type { ByteSource } from "../store/types.ts";
import { type BlobOrigin, blobSource, isBlobAnswer } from "./blobs.ts";
import type { RegistryNet } from "./repository.ts";

/**
 * A foreign layer from where its `urls` say: HTTPS only, without credentials, refused at private addresses when the
 * registry that named them is public. The bytes are no more trusted than any other: verify them.
 */
export function foreignLayer(
  net: RegistryNet,
  descriptor: Descriptor,
  named: { readonly by: string; readonly retries: number },
): ByteSource {
  const urls = (descriptor.urls ?? []).filter((url) => URL.canParse(url) && new URL(url).protocol === "https:");
  const origins = urls.map(
    (url): BlobOrigin => ({
      name: new URL(url).host,
      host: named.by,
      engine: net.engine,
      request: ({ io, ...part }) =>
        net.engine.send({ ...part, host: named.by, method: "GET", target: url, expect: isBlobAnswer, signal: io.signal, slot: io.slot }),
    }),
  );
  return blobSource(() => origins, descriptor, named);
}
