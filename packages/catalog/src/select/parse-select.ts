import { CatalogError } from "../errors.ts";
import type { CatalogSelection, PackageSelection, VersionWish } from "../types.ts";
import { parseRange } from "../version/range.ts";
import { tryParseVersion } from "../version/version.ts";

/**
 * Reads `PACKAGE[/CHANNEL][@VERSION or RANGE]`. A range such as `>=1.2.0 <2.0.0` is a window on the channel's chain.
 *
 * @throws CatalogError SELECTION_INVALID, RANGE_INVALID
 */
export function parseSelect(text: string): { readonly package: string; readonly channel?: string; readonly wish: VersionWish } {
  const at = text.indexOf("@");
  const named = at === -1 ? text : text.slice(0, at);
  const versions = at === -1 ? undefined : text.slice(at + 1).trim();
  const slash = named.indexOf("/");
  const owner = slash === -1 ? named : named.slice(0, slash);
  const channel = slash === -1 ? undefined : named.slice(slash + 1);
  if (owner === "" || channel === "" || versions === "") {
    throw new CatalogError({
      code: "SELECTION_INVALID",
      message: `Cannot read selection ${JSON.stringify(text)}: expected PACKAGE[/CHANNEL][@VERSION or RANGE]`,
      subject: text,
      hint: 'Write it like my-operator, my-operator/stable or "my-operator/stable@>=1.2.0 <2.0.0".',
    });
  }
  return { package: owner, ...(channel === undefined ? {} : { channel }), wish: versions === undefined ? {} : wishOf(versions) };
}

function wishOf(versions: string): VersionWish {
  if (tryParseVersion(versions) !== undefined) return { versions: [versions] };
  parseRange(versions);
  return { range: versions };
}

/**
 * Several selections as one: those of one package are put together. `PACKAGE` beside `PACKAGE/CHANNEL` is refused, for
 * it would make the second meaningless.
 *
 * @throws CatalogError SELECTION_INVALID, RANGE_INVALID
 */
export function parseSelects(texts: readonly string[]): CatalogSelection {
  const packages = new Map<string, PackageSelection>();
  for (const text of texts) {
    const { package: name, channel, wish } = parseSelect(text);
    const before = packages.get(name);
    if (before !== undefined && (channel === undefined || before.channels === undefined)) throw twice(name, text);
    if (before?.channels?.some((known) => known.name === channel)) throw twice(name, text);
    const own: PackageSelection =
      channel === undefined
        ? { name, ...wish }
        : { name, anyDefault: true, channels: [...(before?.channels ?? []), { name: channel, ...wish }] };
    packages.set(name, own);
  }
  return { packages: [...packages.values()].sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

function twice(name: string, text: string): CatalogError {
  return new CatalogError({
    code: "SELECTION_INVALID",
    message: `Cannot add selection ${JSON.stringify(text)}: package "${name}" is selected already`,
    subject: name,
    hint: "Name each channel once, or the package alone.",
  });
}
