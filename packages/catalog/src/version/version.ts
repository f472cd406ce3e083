import { CatalogError } from "../errors.ts";

/** A semantic version. Numbers stay text: blang counts to 2^64, a double only to 2^53. */
export interface Version {
  readonly major: string;
  readonly minor: string;
  readonly patch: string;
  readonly pre: readonly string[];
  /** Build metadata; not part of the order. */
  readonly build: readonly string[];
}

const NUMBER = /^[0-9]+$/;
const MAX_UINT64 = "18446744073709551615";

/**
 * Parses strictly as blang does: three numbers without leading zeros, no `v`, numbers below 2^64.
 *
 * @throws CatalogError VERSION_INVALID
 */
export function parseVersion(text: string): Version {
  const version = tryParseVersion(text);
  if (version !== undefined) return version;
  throw new CatalogError({
    code: "VERSION_INVALID",
    message: `Cannot read version ${JSON.stringify(text)}: expected MAJOR.MINOR.PATCH with an optional pre-release and build`,
    subject: text,
    hint: "Write it like 1.2.3 or 1.2.3-rc.1, without a leading v.",
  });
}

/** As {@link parseVersion}, undefined instead of an error. */
export function tryParseVersion(text: string): Version | undefined {
  const plus = text.indexOf("+");
  const rest = plus === -1 ? text : text.slice(0, plus);
  const dash = rest.indexOf("-");
  const core = (dash === -1 ? rest : rest.slice(0, dash)).split(".");
  const [major, minor, patch] = core;
  if (core.length !== 3 || major === undefined || minor === undefined || patch === undefined) return undefined;
  if (!isNumber(major) || !isNumber(minor) || !isNumber(patch)) return undefined;
  const pre = dash === -1 ? [] : rest.slice(dash + 1).split(".");
  const build = plus === -1 ? [] : text.slice(plus + 1).split(".");
  if (!pre.every(isPreIdentifier) || !build.every(isIdentifier)) return undefined;
  return { major, minor, patch, pre, build };
}

function isNumber(text: string): boolean {
  if (!NUMBER.test(text) || (text.length > 1 && text.startsWith("0"))) return false;
  return compareNumbers(text, MAX_UINT64) <= 0;
}

function isIdentifier(text: string): boolean {
  return /^[0-9A-Za-z-]+$/.test(text);
}

function isPreIdentifier(text: string): boolean {
  if (!isIdentifier(text)) return false;
  return NUMBER.test(text) ? isNumber(text) : true;
}

function compareNumbers(a: string, b: string): number {
  if (a.length !== b.length) return a.length < b.length ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Precedence by semver 2.0: -1, 0 or 1. Build metadata does not count. */
export function compareVersions(a: Version, b: Version): number {
  return (
    compareNumbers(a.major, b.major) || compareNumbers(a.minor, b.minor) || compareNumbers(a.patch, b.patch) || comparePre(a.pre, b.pre)
  );
}

/** Compares lists of pre-release identifiers; none is higher than any. */
export function comparePre(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return a.length === b.length ? 0 : a.length === 0 ? 1 : -1;
  for (let i = 0; i < a.length && i < b.length; i++) {
    const order = compareIdentifiers(a[i] ?? "", b[i] ?? "");
    if (order !== 0) return order;
  }
  return Math.sign(a.length - b.length);
}

function compareIdentifiers(a: string, b: string): number {
  const numericA = NUMBER.test(a);
  const numericB = NUMBER.test(b);
  if (numericA && numericB) return compareNumbers(a, b);
  if (numericA !== numericB) return numericA ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The version as text; the inverse of {@link parseVersion}. */
export function formatVersion(version: Version): string {
  const pre = version.pre.length === 0 ? "" : `-${version.pre.join(".")}`;
  const build = version.build.length === 0 ? "" : `+${version.build.join(".")}`;
  return `${version.major}.${version.minor}.${version.patch}${pre}${build}`;
}

/**
 * A bound as users write it into an image set: `2.5`, `v2.5.12` and `4` are completed with zeros, as oc-mirror accepts.
 *
 * @throws CatalogError VERSION_INVALID
 */
export function parseBound(text: string): Version {
  const match = /^v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/.exec(text);
  if (match === null) return parseVersion(text);
  const [, major = "0", minor = "0", patch = "0", pre = "", build = ""] = match;
  return parseVersion(`${major}.${minor}.${patch}${pre}${build}`);
}
