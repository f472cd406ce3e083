import { formatPlatform, parsePlatform, type Reference } from "@skerry/oci";
import type { Problem } from "../problem/problem.ts";
import { destinationOf, type NamingPolicy, originText, targetRepository } from "./destination.ts";
import { type Destination, IMAGE_KINDS, type ImageKind, type PlannedImage, type Reason } from "./types.ts";

/** One wish for an image: by a bundle, by the configuration, by a catalog itself. */
export interface ImageRequest {
  /** What decides the name at the destination. */
  readonly reference: Reference;
  /** Where it comes from, when that is no registry: `oci:PATH[:NAME]`. */
  readonly origin?: string;
  readonly kind: ImageKind;
  /** Platforms of this wish; empty: all. */
  readonly platforms: readonly string[];
  readonly reason: Reason;
  /** What the configuration says about its place at the destination. */
  readonly override?: { readonly repository?: string; readonly tag?: string };
}

export interface PlanPolicy {
  readonly naming: NamingPolicy;
  /** The rule of `blockedImages` that an origin or destination text matches. */
  readonly blockedBy: (text: string) => string | undefined;
}

export interface ImagePlan {
  /** Sorted by origin, then destination. */
  readonly images: readonly PlannedImage[];
  readonly problems: readonly Problem[];
}

/** Turns wishes into a list of images, each once per destination, with every reason for it. Pure. */
export function planImages(requests: Iterable<ImageRequest>, policy: PlanPolicy): ImagePlan {
  const images = new Map<string, Draft>();
  const problems: Problem[] = [];
  for (const request of requests) {
    const destination = nested(destinationOf(request.reference, policy.naming, request.override), policy.naming);
    const origin = request.origin ?? originText(request.reference);
    const rule = policy.blockedBy(origin) ?? policy.blockedBy(`${destination.repository}:${destination.tag}`);
    if (rule !== undefined) {
      problems.push(blocked(origin, rule, request.reason));
      continue;
    }
    merge(images, `${origin}\0${destination.repository}:${destination.tag}`, { origin, destination, request });
  }
  const sorted = [...images.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  return { images: sorted.map(([, draft]) => finish(draft)), problems };
}

interface Draft {
  readonly origin: string;
  readonly destination: Destination;
  kind: ImageKind;
  /** Undefined: all platforms. */
  platforms: Set<string> | undefined;
  readonly reasons: Map<string, Reason>;
}

function merge(images: Map<string, Draft>, key: string, wish: { origin: string; destination: Destination; request: ImageRequest }): void {
  const { request } = wish;
  const draft = images.get(key) ?? {
    origin: wish.origin,
    destination: wish.destination,
    kind: request.kind,
    platforms: new Set<string>(),
    reasons: new Map<string, Reason>(),
  };
  images.set(key, draft);
  if (IMAGE_KINDS.indexOf(request.kind) < IMAGE_KINDS.indexOf(draft.kind)) draft.kind = request.kind;
  if (request.platforms.length === 0) draft.platforms = undefined;
  for (const platform of request.platforms) draft.platforms?.add(formatPlatform(parsePlatform(platform)));
  draft.reasons.set(reasonKey(request.reason), request.reason);
}

function finish(draft: Draft): PlannedImage {
  return {
    origin: draft.origin,
    kind: draft.kind,
    destination: draft.destination,
    platforms: draft.platforms === undefined ? [] : [...draft.platforms].sort(),
    reasons: sortReasons(draft.reasons.values()),
  };
}

/** Reasons in their order in a lock, each once. */
export function sortReasons(reasons: Iterable<Reason>): Reason[] {
  const byKey = new Map([...reasons].map((reason) => [reasonKey(reason), reason]));
  return [...byKey.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, reason]) => reason);
}

function nested(destination: Destination, naming: NamingPolicy): Destination {
  return { ...destination, repository: targetRepository("", destination.repository, naming.maxNestedPaths) };
}

function reasonKey(reason: Reason): string {
  return [reason.catalog, reason.package, reason.channel, reason.bundle, reason.field].map((part) => part ?? "").join("\0");
}

function blocked(origin: string, rule: string, reason: Reason): Problem {
  return {
    code: "IMAGE_BLOCKED",
    severity: "info",
    subject: origin,
    ...reason,
    action: "dropped",
    waived: false,
    message: `${origin} is left out: it matches ${JSON.stringify(rule)} of blockedImages`,
  };
}
