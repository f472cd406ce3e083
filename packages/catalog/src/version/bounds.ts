import { compareVersions, parseBound, type Version } from "./version.ts";

/** A window of versions, both ends included. */
export interface Bounds {
  readonly min?: Version;
  readonly max?: Version;
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
    ...(maxVersion === undefined ? {} : { max: parseBound(maxVersion) }),
  };
}

/** True when both ends are the same version: exactly that one is meant. */
export function isExact(bounds: Bounds): boolean {
  return bounds.min !== undefined && bounds.max !== undefined && compareVersions(bounds.min, bounds.max) === 0;
}

/**
 * Whether a version lies in the window, by the rules of oc-mirror's range library: a bound without a pre-release part
 * matches no pre-release version at all.
 */
export function inBounds(version: Version, bounds: Bounds): boolean {
  const { min, max } = bounds;
  if (min !== undefined && (compareVersions(version, min) < 0 || hidesPre(version, min))) return false;
  return max === undefined || (compareVersions(version, max) <= 0 && !hidesPre(version, max));
}

function hidesPre(version: Version, bound: Version): boolean {
  return version.pre.length > 0 && bound.pre.length === 0;
}
