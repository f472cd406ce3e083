import { CatalogError } from "../errors.ts";
import type { CatalogSelection, PackageSelection, VersionWish } from "../types.ts";
import { parseRange } from "../version/range.ts";
import { tryParseVersion } from "../version/version.ts";

/**
 * Reads `PACKAGE[/CHANNEL][@VERSION or "RANGE"]`. A range such as `>=1.2.0 <2.0.0` is a window on the channel's chain; its
 * quotes may be left to the shell.
 *
 * @throws CatalogError SELECTION_INVALID, RANGE_INVALID
 */
export function parseSelect(text: string): { readonly package: string; readonly channel?: string; readonly wish: VersionWish } {
  const at = text.indexOf("@");
  const named = at === -1 ? text : text.slice(0, at);
  const versions = at === -1 ? undefined : withoutQuotes(text.slice(at + 1).trim());
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

function withoutQuotes(text: string): string {
  return text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1).trim() : text;
}

function wishOf(versions: string): VersionWish {
  if (tryParseVersion(versions) !== undefined) return { versions: [versions] };
  parseRange(versions);
  return { range: versions };
}

/**
 * Several selections as one: those of one package are put together, exact versions of one channel too. `PACKAGE` beside
 * `PACKAGE/CHANNEL` is refused, for it would make the second meaningless.
 *
 * @throws CatalogError SELECTION_INVALID, RANGE_INVALID
 */
export function parseSelects(texts: readonly string[]): CatalogSelection {
  const packages = new Map<string, PackageSelection>();
  for (const text of texts) {
    const { package: name, channel, wish } = parseSelect(text);
    const before = packages.get(name);
    packages.set(
      name,
      channel === undefined ? wholePackage(before, name, { wish, text }) : withChannel(before, name, { channel, wish, text }),
    );
  }
  return { packages: [...packages.values()].sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

function wholePackage(
  before: PackageSelection | undefined,
  name: string,
  { wish, text }: { readonly wish: VersionWish; readonly text: string },
): PackageSelection {
  if (before === undefined) return { name, ...wish };
  const both = before.channels === undefined ? bothVersions(before, wish) : undefined;
  if (both === undefined) throw twice(name, text);
  return { name, ...both };
}

function withChannel(
  before: PackageSelection | undefined,
  name: string,
  { channel, wish, text }: { readonly channel: string; readonly wish: VersionWish; readonly text: string },
): PackageSelection {
  if (before !== undefined && before.channels === undefined) throw twice(name, text);
  const channels = before?.channels ?? [];
  const known = channels.find((one) => one.name === channel);
  if (known === undefined) return { name, anyDefault: true, channels: [...channels, { name: channel, ...wish }] };
  const both = bothVersions(known, wish);
  if (both === undefined) throw twice(name, text);
  return { name, anyDefault: true, channels: channels.map((one) => (one === known ? { name: channel, ...both } : one)) };
}

/** Lists of exact versions add up; nothing else does. */
function bothVersions(one: VersionWish, other: VersionWish): VersionWish | undefined {
  if (one.versions === undefined || other.versions === undefined) return undefined;
  return { versions: [...new Set([...one.versions, ...other.versions])] };
}

function twice(name: string, text: string): CatalogError {
  return new CatalogError({
    code: "SELECTION_INVALID",
    message: `Cannot add selection ${JSON.stringify(text)}: package "${name}" is selected already`,
    subject: name,
    hint: "Name each channel once, or the package alone.",
  });
}
