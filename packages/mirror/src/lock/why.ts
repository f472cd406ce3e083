import type { LockedImage, OperatorCost, Reason } from "../plan/types.ts";
import type { ImageSetLock } from "./types.ts";

/** An image that a question was about, with the reasons it is in the set. */
export interface WhyImage {
  readonly origin: string;
  readonly kind: LockedImage["kind"];
  readonly totalBytes: number;
  readonly reasons: readonly Reason[];
}

/** Why something is in an image set, and what leaving it out would mean. */
export interface Why {
  readonly subject: string;
  readonly about: "package" | "image";
  readonly images: readonly WhyImage[];
  /** Bundles that could not be installed without it, sorted. */
  readonly breaks: readonly string[];
  /** Bytes that leaving it out would save; null where the plan beside the lock does not tell. */
  readonly savesBytes: number | null;
}

/**
 * Answers for a package name, or for an image by its origin, repository, digest or a part of them. Undefined when the lock holds
 * nothing of that name. `operators` is the plan's count, where there is one.
 */
export function whyInLock(lock: ImageSetLock, subject: string, operators: readonly OperatorCost[] | undefined): Why | undefined {
  const byPackage = lock.images.filter((image) => image.reasons.some((reason) => reason.package === subject));
  if (byPackage.length > 0) return whyPackage(subject, byPackage, operators);
  const byImage = lock.images.filter((image) => image.origin.includes(subject) || image.digest.includes(subject));
  return byImage.length === 0 ? undefined : whyImages(subject, byImage);
}

/** Names that a question may have meant: packages first. */
export function knownSubjects(lock: ImageSetLock): string[] {
  const packages = new Set(lock.images.flatMap((image) => image.reasons.flatMap((reason) => reason.package ?? [])));
  return [...[...packages].sort(), ...lock.images.map((image) => image.origin)];
}

function whyPackage(subject: string, images: readonly LockedImage[], operators: readonly OperatorCost[] | undefined): Why {
  const costs = operators?.filter((row) => row.package === subject);
  const bundles = images.flatMap((image) =>
    image.reasons.flatMap((reason) => (reason.package === subject && reason.bundle !== undefined ? [reason.bundle] : [])),
  );
  return {
    subject,
    about: "package",
    images: images.map((image) => ({ ...shown(image), reasons: image.reasons.filter((reason) => reason.package === subject) })),
    breaks: [...new Set(bundles)].sort(),
    savesBytes: costs === undefined || costs.length === 0 ? null : costs.reduce((sum, row) => sum + row.dropSavesBytes, 0),
  };
}

function whyImages(subject: string, images: readonly LockedImage[]): Why {
  const bundles = images.flatMap((image) => image.reasons.flatMap((reason) => reason.bundle ?? []));
  return { subject, about: "image", images: images.map(shown), breaks: [...new Set(bundles)].sort(), savesBytes: null };
}

function shown(image: LockedImage): WhyImage {
  return { origin: image.origin, kind: image.kind, totalBytes: image.totalBytes, reasons: image.reasons };
}
