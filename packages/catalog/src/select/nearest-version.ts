import { compareVersions, formatVersion, tryParseVersion, type Version } from "../version/version.ts";

const VERSION = /\d+\.\d+(?:\.\d+)?(?:-[0-9A-Za-z.-]+)?/;

/**
 * Of versions that a range left out, the one nearest to it: the first at or above the first version that the range names,
 * else the newest below. Undefined when there are none.
 */
export function nearestVersion(range: string, versions: readonly string[]): string | undefined {
  const sorted = versions
    .map(tryParseVersion)
    .filter((version): version is Version => version !== undefined)
    .sort(compareVersions);
  const named = VERSION.exec(range)?.[0];
  const bound =
    named === undefined ? undefined : tryParseVersion(/^\d+\.\d+(?:-|$)/.test(named) ? named.replace(/^(\d+\.\d+)/, "$1.0") : named);
  const above = bound === undefined ? undefined : sorted.find((version) => compareVersions(version, bound) >= 0);
  const nearest = above ?? sorted.at(-1);
  return nearest === undefined ? undefined : formatVersion(nearest);
}
