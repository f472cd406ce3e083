import type { ImageSetLock } from "../lock/types.ts";
import { targetRepository } from "./destination.ts";

/** `mapping.txt`: one `docker://SRC=docker://DST` a line, sorted, as `oc mirror` writes it. A tag at the source is kept beside its digest. */
export function mappingText(
  lock: ImageSetLock,
  target: { readonly host: string; readonly prefix: string; readonly maxNestedPaths: number },
): string {
  const lines = lock.images.map((image) => {
    const source = image.origin.startsWith("oci:") ? image.origin : `docker://${image.origin}`;
    const repository = targetRepository(target.prefix, image.destination.repository, target.maxNestedPaths);
    return `${source}=docker://${target.host}/${repository}:${image.destination.tag}\n`;
  });
  return lines.sort().join("");
}

/** `missing.txt`: what was asked for and is not to be had, with the reason and who needs it; empty when nothing is. */
export function missingText(lock: ImageSetLock): string {
  const lines = lock.missing.map((image) => {
    const needs = [...new Set(image.reasons.map((reason) => reason.bundle ?? reason.catalog ?? "the configuration"))].sort().join(", ");
    return `${image.origin}\t${image.code}\t${needs}\t${image.message.replaceAll(/\s+/g, " ")}\n`;
  });
  return lines.sort().join("");
}
