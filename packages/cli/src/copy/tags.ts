import { DEFAULT_NAMING, digestTag } from "@skerry/mirror";
import type { Digest } from "@skerry/oci";
import type { ImageName } from "../names/image-name.ts";
import type { TargetPlace } from "../places/places.ts";

/**
 * Tags of an image at its destination: the one that was written, else the source's, else the digest tag. A layout needs no
 * name: without one the image stands alone.
 */
export function destinationTags(from: {
  readonly source: ImageName;
  readonly destination: ImageName;
  readonly target: TargetPlace;
  readonly digest: Digest;
}): readonly string[] {
  if (from.target.tags.length > 0 || from.destination.kind === "layout") return from.target.tags;
  const { source } = from;
  if (source.kind === "registry") {
    const { tag, digest } = source.reference;
    return [tag ?? (digest === undefined ? "latest" : digestTag({ digest }, DEFAULT_NAMING))];
  }
  const name = source.name;
  const tag =
    name === undefined || name.startsWith("@") ? undefined : /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.exec(name.split(":").at(-1) ?? "")?.[0];
  return [tag ?? digestTag({ digest: from.digest }, DEFAULT_NAMING)];
}
