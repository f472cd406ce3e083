import { CatalogError } from "../errors.ts";
import type { Catalog, CatalogProblem, Channel, PackageInfo } from "../types.ts";
import { compareVersions, formatVersion, tryParseVersion } from "../version/version.ts";
import { nearestHint } from "./nearest.ts";
import { nearestVersion } from "./nearest-version.ts";

/** The user named a package that the catalog does not have. */
export function unknownPackage(catalog: Catalog, name: string): CatalogError {
  const known = catalog.packages.map((info) => info.name);
  return new CatalogError({
    code: "SELECTION_UNKNOWN_PACKAGE",
    message: `Cannot select package "${name}": ${catalog.name} has no such package`,
    subject: name,
    hint: nearestHint("package", name, known),
  });
}

/** The user named a channel that the package does not have. */
export function unknownChannel(info: PackageInfo, name: string): CatalogError {
  const known = info.channels.map((channel) => channel.name);
  return new CatalogError({
    code: "SELECTION_UNKNOWN_CHANNEL",
    message: `Cannot select channel "${name}": package "${info.name}" has no such channel`,
    subject: `${info.name}/${name}`,
    hint: nearestHint("channel", name, known),
  });
}

/** Two wishes for one package that exclude each other, or one that makes no sense. */
export function invalidWish(name: string, why: string): CatalogError {
  return new CatalogError({
    code: "SELECTION_INVALID",
    message: `Cannot select package "${name}": ${why}`,
    subject: name,
    hint: "Remove one of the two.",
  });
}

/** The user's range leaves nothing of a channel that was named with it. */
export function emptyChannel(info: PackageInfo, channel: Channel, range: string): CatalogError {
  const versions = channel.entries.map((entry) => info.bundles.get(entry.name)?.version ?? "").filter((version) => version !== "");
  const shown =
    versions.length === 0
      ? "The channel has no versions."
      : `Versions of the channel: ${versions.length > 8 ? "… " : ""}${versions.slice(-8).join(", ")}.`;
  return new CatalogError({
    code: "SELECTION_UNKNOWN_VERSION",
    message: `Cannot select ${range} from channel "${channel.name}" of package "${info.name}": no version is in range`,
    subject: `${info.name}/${channel.name}`,
    hint: `${nearestThatHolds(`${info.name}/${channel.name}`, range, versions)}${shown} A bound without a pre-release part matches no pre-release.`,
  });
}

/** The user's range leaves nothing of a whole package. */
export function emptyPackage(info: PackageInfo, range: string): CatalogError {
  const versions = [...info.bundles.values()].map((bundle) => bundle.version);
  const parsed = versions.flatMap((version) => tryParseVersion(version) ?? []);
  const shown = parsed.sort(compareVersions).map(formatVersion);
  const home = info.channels.find((channel) => channel.name === info.defaultChannel);
  const own = home?.entries.map((entry) => info.bundles.get(entry.name)?.version ?? "") ?? [];
  return new CatalogError({
    code: "SELECTION_UNKNOWN_VERSION",
    message: `Cannot select ${range} of package "${info.name}": no version of any channel is in range`,
    subject: info.name,
    hint: `${nearestThatHolds(`${info.name}/${info.defaultChannel}`, range, own)}Its newest versions: ${shown.slice(-8).join(", ")}. A bound without a pre-release part matches no pre-release.`,
  });
}

function nearestThatHolds(channel: string, range: string, versions: readonly string[]): string {
  const nearest = nearestVersion(range, versions);
  return nearest === undefined ? "" : `Nearest selection that holds: ${channel}@${nearest}. `;
}

/** The default channel is not among what is kept. */
export function defaultNotKept(
  info: PackageInfo,
  defaultChannel: string,
  kept: { readonly names: readonly string[]; readonly ranged: boolean },
): CatalogError {
  return new CatalogError({
    code: kept.ranged ? "SELECTION_UNKNOWN_VERSION" : "SELECTION_INVALID",
    message: `Cannot select package "${info.name}": its default channel "${defaultChannel}" is not kept`,
    subject: info.name,
    hint:
      kept.names.length === 0
        ? "No version is in range. A bound without a pre-release part matches no pre-release."
        : `Set defaultChannel to one of ${kept.names.map((name) => `"${name}"`).join(", ")}, or keep "${defaultChannel}" too.`,
  });
}

/** The row for a package that cannot be kept because of what its publisher wrote. */
export function droppedPackage(info: PackageInfo, defaultChannel: string): CatalogProblem {
  return {
    code: "PACKAGE_INVALID",
    severity: "error",
    subject: info.name,
    package: info.name,
    action: "dropped",
    message:
      defaultChannel === ""
        ? `Left out package "${info.name}": it names no default channel`
        : `Left out package "${info.name}": its default channel "${defaultChannel}" cannot be kept`,
    hint: "Set defaultChannel to a channel that can be kept, or leave the package out.",
  };
}

/** The row for a default channel that was missing or wrong and could only be one. */
export function repairedDefault(info: PackageInfo, result: string): CatalogProblem {
  return {
    code: "PACKAGE_INVALID",
    severity: "warning",
    subject: info.name,
    package: info.name,
    field: "defaultChannel",
    original: info.defaultChannel,
    action: "repaired",
    result,
    message: `Package "${info.name}": its default channel ${info.defaultChannel === "" ? "is missing" : `"${info.defaultChannel}" does not exist`}; took "${result}", the only one`,
  };
}
