import { digestHex, parseReference } from "@skerry/oci";
import { MirrorError } from "../errors.ts";
import type { Problem } from "../problem/problem.ts";
import { digestTag, type NamingPolicy } from "./destination.ts";
import type { LockedImage } from "./types.ts";

/**
 * Settles two images that want one tag at the destination. One that is known by digest gives way to its digest tag, with a
 * row; two that are known by tag only cannot both be right.
 * @throws MirrorError `COLLISION`, listing every pair
 */
export function settleCollisions<Image extends LockedImage>(
  images: readonly Image[],
  naming: NamingPolicy,
): { readonly images: readonly Image[]; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const crowded = crowdedTags(images);
  const settled = images.map((image) => {
    const digest = image.origin.startsWith("oci:") ? undefined : parseReference(image.origin).digest;
    if (digest === undefined || !crowded.has(tagKey(image))) return image;
    const destination = { ...image.destination, tag: digestTag({ digest }, naming) };
    problems.push(movedAside(image, destination.tag));
    return { ...image, destination };
  });
  const left = crowdedTags(settled);
  if (left.size > 0) throw collision(settled, left);
  return { images: settled, problems };
}

function tagKey(image: LockedImage): string {
  return `${image.destination.repository}:${image.destination.tag}`;
}

function crowdedTags(images: readonly LockedImage[]): Set<string> {
  const first = new Map<string, string>();
  const crowded = new Set<string>();
  for (const image of images) {
    const key = tagKey(image);
    const known = first.get(key);
    if (known === undefined) first.set(key, image.digest);
    else if (known !== image.digest) crowded.add(key);
  }
  return crowded;
}

function movedAside(image: LockedImage, tag: string): Problem {
  return {
    code: "DEST_COLLISION",
    severity: "info",
    subject: image.origin,
    ...image.reasons[0],
    original: tagKey(image),
    action: "repaired",
    result: `${image.destination.repository}:${tag}`,
    waived: false,
    message: `Another image wants the tag ${tagKey(image)}; ${image.origin} is tagged ${tag} instead and stays reachable by its digest`,
  };
}

function collision(images: readonly LockedImage[], crowded: ReadonlySet<string>): MirrorError {
  const details = [...crowded].sort().map((key) => {
    const origins = images
      .filter((image) => tagKey(image) === key)
      .map((image) => `${image.origin} (${digestHex(image.digest).slice(0, 12)})`);
    return `${key} ← ${origins.join(", ")}`;
  });
  return new MirrorError({
    code: "COLLISION",
    message: `Cannot give one tag to two images: ${details[0] ?? ""}${details.length > 1 ? ` and ${details.length - 1} more` : ""}`,
    subject: [...crowded].sort()[0] ?? "",
    details,
    hint: "Keep the source hosts apart with --dest-layout host, or give one of them a targetRepo or targetTag.",
  });
}
