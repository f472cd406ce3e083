import { CatalogError } from "../errors.ts";

/** Release of opm whose rules hold when none is named: the last that reads every format. */
export const DEFAULT_OPM = "1.73";

/** Rules that came with a release of opm; what was published before may break them. */
export const RULE_SINCE: Readonly<Record<string, number>> = {
  /** Package names are RFC 1123 labels. */
  packageName: 41,
  /** No two bundles of a package have one version. */
  duplicateVersion: 47,
  /** The walk from the head stops at skipped entries. */
  chainStopsAtSkipped: 58,
  /** Image references are parsed. */
  imageName: 64,
  /** Releases of bundles. */
  release: 58,
  /** `skipRange` is parsed. */
  skipRange: 69,
};

/** Which rules a release checks. */
export interface OpmRules {
  readonly release: string;
  has(rule: keyof typeof RULE_SINCE): boolean;
}

/**
 * The rules of a release such as `1.73`, `v1.47.0`.
 *
 * @throws CatalogError UNSUPPORTED for text that is no release of opm.
 */
export function opmRules(release: string = DEFAULT_OPM): OpmRules {
  const match = /^v?1\.([0-9]{1,3})(?:\.[0-9]+)?$/.exec(release);
  if (match === null) {
    throw new CatalogError({
      code: "UNSUPPORTED",
      message: `Cannot check by the rules of opm ${JSON.stringify(release)}: expected a release such as ${DEFAULT_OPM}`,
      subject: release,
    });
  }
  const minor = Number(match[1]);
  return { release, has: (rule) => minor >= (RULE_SINCE[rule] ?? 0) };
}
