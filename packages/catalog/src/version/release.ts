import { tryParseVersion } from "./version.ts";

const MAX_RELEASE = 20;

/** What is wrong with the `release` of an `olm.package` property; undefined when nothing is. */
export function releaseFault(release: string): string | undefined {
  if (release.length > MAX_RELEASE) return `it has ${release.length} characters, at most ${MAX_RELEASE} are allowed`;
  return tryParseVersion(`0.0.0-${release}`) === undefined || release.includes("+")
    ? "its parts must be pre-release identifiers, divided by dots"
    : undefined;
}
