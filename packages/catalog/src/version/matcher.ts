import type { VersionWish } from "../types.ts";
import { type Bounds, inBounds, isExact, parseBounds } from "./bounds.ts";
import { inRange, parseRange } from "./range.ts";
import { compareVersions, parseVersion, type Version } from "./version.ts";

/** Tells which versions are meant. */
export interface VersionMatcher {
  matches(version: Version): boolean;
  /** One single version is meant: nothing around it belongs to it. */
  readonly exact: boolean;
  /** In the words of the wish, for messages. */
  readonly text: string;
}

/**
 * The versions that a wish names; undefined when it names none.
 *
 * @throws CatalogError VERSION_INVALID, RANGE_INVALID
 */
export function versionMatcher(wish: VersionWish): VersionMatcher | undefined {
  if (wish.range !== undefined) {
    const range = parseRange(wish.range);
    return { matches: (version) => inRange(version, range), exact: isSingle(wish.range), text: wish.range };
  }
  if (wish.versions !== undefined && wish.versions.length > 0) {
    const versions = wish.versions.map(parseVersion);
    return {
      matches: (version) => versions.some((one) => compareVersions(one, version) === 0),
      exact: versions.length === 1,
      text: wish.versions.join(", "),
    };
  }
  const bounds = parseBounds(wish);
  return bounds === undefined
    ? undefined
    : { matches: (version) => inBounds(version, bounds), exact: isExact(bounds), text: boundsText(bounds, wish) };
}

function isSingle(range: string): boolean {
  return /^\s*={0,2}\s*[0-9][^ x|<>!=]*\s*$/.test(range);
}

function boundsText(bounds: Bounds, wish: VersionWish): string {
  const min = bounds.min === undefined ? "" : `>=${wish.minVersion ?? ""}`;
  const max = bounds.max === undefined ? "" : `<=${wish.maxVersion ?? ""}`;
  return [min, max].filter((part) => part !== "").join(" ");
}
