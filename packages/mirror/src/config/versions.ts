/** Numbers of a version bound; what is left out counts as 0. */
interface Bound {
  readonly numbers: readonly [bigint, bigint, bigint];
  readonly preRelease: boolean;
}

// What Masterminds' semver takes without being strict: a leading v, and up to two parts left out.
const BOUND =
  /^v?(\d{1,20})(?:\.(\d{1,20}))?(?:\.(\d{1,20}))?(-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;

/** True for a version that may stand as `minVersion` or `maxVersion`: `2.5.12`, `v2.5.12`, `2.5`, `2.5.12-1`. */
export function isVersionBound(text: string): boolean {
  return BOUND.test(text);
}

/** True when no version can lie between the two. Pre-releases of one version are left to the selection itself. */
export function isEmptyRange(minVersion: string, maxVersion: string): boolean {
  const min = readBound(minVersion);
  const max = readBound(maxVersion);
  if (min === undefined || max === undefined) return false;
  for (const index of [0, 1, 2] as const) {
    if (min.numbers[index] !== max.numbers[index]) return min.numbers[index] > max.numbers[index];
  }
  return max.preRelease && !min.preRelease;
}

function readBound(text: string): Bound | undefined {
  const match = BOUND.exec(text);
  if (match === null) return undefined;
  return { numbers: [BigInt(match[1] ?? 0), BigInt(match[2] ?? 0), BigInt(match[3] ?? 0)], preRelease: match[4] !== undefined };
}
