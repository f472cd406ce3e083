import { compareVersions, parseBound, type Version } from "./version.ts";

/** A window of versions, both ends included. */
export interface Bounds {
  readonly min?: Version;
  readonly max?: Version;
  /** How many numbers the upper end names; `2.5` holds every 2.5.x, `2` every 2.x. */
  readonly maxNumbers?: number;
}

/**
 * The window that an image set names; undefined when it names none.
 *
 * @throws CatalogError VERSION_INVALID
 */
export function parseBounds(text: {
  readonly minVersion?: string | undefined;
  readonly maxVersion?: string | undefined;
}): Bounds | undefined {
  const { minVersion, maxVersion } = text;
  if (minVersion === undefined && maxVersion === undefined) return undefined;
  return {
    ...(minVersion === undefined ? {} : { min: parseBound(minVersion) }),
    ...(maxVersion === undefined ? {} : { max: parseBound(maxVersion), maxNumbers: numbersOf(maxVersion) }),
  };
}

/** True when both ends are the same version: exactly that one is meant. */
export function isExact(bounds: Bounds): boolean {
  return bounds.min !== undefined && bounds.max !== undefined && compareVersions(bounds.min, bounds.max) === 0;
}

/**
 * Whether a version lies in the window, by the rules of oc-mirror's range library: a window without a pre-release part at
 * either end matches no pre-release version at all.
 */
export function inBounds(version: Version, bounds: Bounds): boolean {
  const { min, max } = bounds;
  const withPre = (min?.pre.length ?? 0) > 0 || (max?.pre.length ?? 0) > 0;
  if (version.pre.length > 0 && !withPre) return false;
  if (min !== undefined && compareVersions(version, min) < 0) return false;
  return max === undefined || isBelow(version, max, bounds.maxNumbers ?? 3);
}

function isBelow(version: Version, max: Version, numbers: number): boolean {
  if (numbers >= 3) return compareVersions(version, max) <= 0;
  const major = BigInt(version.major) - BigInt(max.major);
  return major < 0n || (major === 0n && (numbers === 1 || BigInt(version.minor) <= BigInt(max.minor)));
}

function numbersOf(text: string): number {
  return /^v?[0-9]+(?:\.[0-9]+)*/.exec(text)?.[0].split(".").length ?? 0;
}
