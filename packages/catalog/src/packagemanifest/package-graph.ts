import type { CatalogProblem, ChannelEntry } from "../types.ts";
import { byBytes } from "../write/go-json.ts";
import type { CsvFile, PackageManifest } from "./find-packages.ts";

/** Channels of a package, derived from its CSVs. */
export interface PackageGraph {
  readonly defaultChannel: string;
  /** Sorted by name; channels without any CSV that is there are left out. */
  readonly channels: readonly { readonly name: string; readonly head: string; readonly entries: readonly ChannelEntry[] }[];
  readonly problems: readonly CatalogProblem[];
}

/**
 * Follows `spec.replaces` from each channel's `currentCSV`. What a CSV on the way skips is an entry too where it is
 * there. The last one may replace a name that is not there. operator-registry "pkg/sqlite/load".
 */
export function packageGraph(manifest: PackageManifest, csvs: ReadonlyMap<string, CsvFile>): PackageGraph {
  const problems: CatalogProblem[] = [];
  const channels = manifest.channels
    .map((channel) => ({ name: channel.name, head: channel.currentCsv, entries: channelEntries(manifest, channel, { csvs, problems }) }))
    .filter((channel) => channel.entries.length > 0)
    .sort((a, b) => byBytes(a.name, b.name));
  const defaultChannel = chosenDefault(
    manifest,
    channels.map((channel) => channel.name),
    problems,
  );
  return { defaultChannel, channels, problems };
}

interface Walk {
  readonly csvs: ReadonlyMap<string, CsvFile>;
  readonly problems: CatalogProblem[];
}

function channelEntries(manifest: PackageManifest, channel: PackageManifest["channels"][number], walk: Walk): readonly ChannelEntry[] {
  const chain = new Map<string, ChannelEntry>();
  const skipped = new Set<string>();
  let at = channel.currentCsv;
  for (let csv = walk.csvs.get(at); csv !== undefined; csv = walk.csvs.get(at)) {
    if (chain.has(at)) {
      walk.problems.push(
        problem(manifest, channel.name, {
          code: "CHANNEL_CYCLE",
          severity: "error",
          message: `its CSVs replace each other in a circle at ${at}`,
        }),
      );
      break;
    }
    chain.set(at, entryOf(csv));
    for (const name of csv.skips) skipped.add(name);
    if (csv.replaces === "") break;
    at = csv.replaces;
    if (!walk.csvs.has(at))
      walk.problems.push(
        problem(manifest, channel.name, {
          code: "REPLACES_DANGLING",
          severity: "info",
          message: `${csv.name} replaces ${at}, which is not there`,
        }),
      );
  }
  if (chain.size === 0)
    walk.problems.push(
      problem(manifest, channel.name, {
        code: "PACKAGE_INVALID",
        severity: "error",
        message: `its CSV ${JSON.stringify(channel.currentCsv)} is not there`,
      }),
    );
  for (const name of skipped) {
    const csv = walk.csvs.get(name);
    if (csv !== undefined && !chain.has(name)) chain.set(name, { name, ...(csv.skipRange === "" ? {} : { skipRange: csv.skipRange }) });
  }
  return [...chain.values()].sort((a, b) => byBytes(a.name, b.name));
}

function entryOf(csv: CsvFile): ChannelEntry {
  return {
    name: csv.name,
    ...(csv.replaces === "" ? {} : { replaces: csv.replaces }),
    ...(csv.skips.length === 0 ? {} : { skips: csv.skips }),
    ...(csv.skipRange === "" ? {} : { skipRange: csv.skipRange }),
  };
}

/** With one channel the default may be left out; with several, the first by name is taken and said so. */
function chosenDefault(manifest: PackageManifest, channels: readonly string[], problems: CatalogProblem[]): string {
  if (channels.includes(manifest.defaultChannel)) return manifest.defaultChannel;
  const first = channels[0] ?? "";
  if (channels.length > 1 || manifest.defaultChannel !== "") {
    const said =
      manifest.defaultChannel === ""
        ? "it names no default channel"
        : `its default channel ${JSON.stringify(manifest.defaultChannel)} is not there`;
    problems.push(
      problem(manifest, first, {
        code: "PACKAGE_INVALID",
        severity: "warning",
        message: `${said}; ${JSON.stringify(first)} is taken`,
        result: first,
      }),
    );
  }
  return first;
}

function problem(
  manifest: PackageManifest,
  channel: string,
  what: Pick<CatalogProblem, "code" | "severity" | "message"> & { readonly result?: string },
): CatalogProblem {
  return {
    code: what.code,
    severity: what.severity,
    subject: manifest.name,
    package: manifest.name,
    channel,
    action: what.result !== undefined ? "repaired" : what.severity === "error" ? "dropped" : "kept",
    ...(what.result === undefined ? {} : { result: what.result }),
    message: `Channel ${JSON.stringify(channel)} of package ${manifest.name}: ${what.message}`,
    hint: "Tell the publisher of the package.",
  };
}
