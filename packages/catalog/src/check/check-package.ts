import { foldedMember } from "../scan/fold.ts";
import type { Channel, PackageInfo } from "../types.ts";
import { rangeFault } from "../version/range.ts";
import type { CheckedBundle } from "./check-bundle.ts";
import { checkGraph } from "./check-graph.ts";
import type { Finding } from "./finding.ts";
import { shapeFault } from "./go-shape.ts";
import type { OpmRules } from "./opm-release.ts";
import { DOCUMENT_SHAPES } from "./schemas.ts";

const LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** The rules for the `olm.package` document alone. */
export function checkPackageDocument(body: Readonly<Record<string, unknown>>, rules: OpmRules): readonly Finding[] {
  const name = String(foldedMember(body, "name") ?? "");
  const findings: Finding[] = [];
  const shape = shapeFault(body, DOCUMENT_SHAPES["olm.package"] ?? "any", "");
  if (shape !== undefined) findings.push({ rule: "package-types", message: `Package "${name}": ${shape}`, package: name });
  if (rules.has("packageName") && !LABEL.test(name)) {
    findings.push({
      rule: "package-name",
      message: `Package "${name}": expected a name of at most 63 lower-case letters, digits and dashes that begins and ends with a letter or digit`,
      package: name,
    });
  }
  return findings;
}

/** The rules for a channel document's types. */
export function checkChannelDocument(body: Readonly<Record<string, unknown>>): readonly Finding[] {
  const shape = shapeFault(body, DOCUMENT_SHAPES["olm.channel"] ?? "any", "");
  if (shape === undefined) return [];
  const channel = String(foldedMember(body, "name") ?? "");
  const owner = String(foldedMember(body, "package") ?? "");
  return [{ rule: "channel-types", message: `Channel "${channel}": ${shape}`, package: owner, channel }];
}

/** The rules for a whole package, once its documents are known. */
export function checkPackage(info: PackageInfo, bundles: ReadonlyMap<string, CheckedBundle>, rules: OpmRules): readonly Finding[] {
  const findings: Finding[] = [];
  const found = (rule: string, message: string, more: Partial<Finding> = {}): void => {
    findings.push({ rule, message, package: info.name, ...more });
  };
  if (info.defaultChannel === "") found("package-default-channel", `Package "${info.name}": it names no default channel`);
  else if (!info.channels.some((channel) => channel.name === info.defaultChannel)) {
    found("package-default-channel", `Package "${info.name}": its default channel "${info.defaultChannel}" does not exist`);
  }
  if (info.channels.length === 0) found("package-channels", `Package "${info.name}": it has no channels`);
  for (const channel of info.channels) findings.push(...checkChannel(info, channel, { bundles, rules }));
  checkMembership(info, bundles, found);
  if (rules.has("duplicateVersion")) checkVersions(info, bundles, found);
  return findings;
}

type Found = (rule: string, message: string, more?: Partial<Finding>) => void;

interface ChannelContext {
  readonly bundles: ReadonlyMap<string, CheckedBundle>;
  readonly rules: OpmRules;
}

function checkChannel(info: PackageInfo, channel: Channel, { bundles, rules }: ChannelContext): readonly Finding[] {
  const findings: Finding[] = [];
  const found = (rule: string, message: string, more: Partial<Finding> = {}): void => {
    findings.push({ rule, message: `Channel "${channel.name}": ${message}`, package: info.name, channel: channel.name, ...more });
  };
  const names = new Set<string>();
  for (const entry of channel.entries) {
    if (names.has(entry.name)) found("channel-entries", `entry "${entry.name}" is there twice`);
    names.add(entry.name);
    const bundle = bundles.get(entry.name);
    if (bundle === undefined) found("channel-bundle", `entry "${entry.name}" has no olm.bundle`, { bundle: entry.name });
    else if (!bundle.hasImage && !bundle.hasObjects) {
      found("bundle-content", `bundle "${entry.name}" has neither an image nor manifests`, { bundle: entry.name });
    }
    (entry.skips ?? []).forEach((skip, at) => {
      if (skip === "") found("channel-skips", `entry "${entry.name}": skips[${at}] is empty`, { bundle: entry.name });
    });
    const fault = entry.skipRange === undefined || !rules.has("skipRange") ? undefined : rangeFault(entry.skipRange);
    if (fault !== undefined) found("channel-skip-range", `entry "${entry.name}": ${fault}`, { bundle: entry.name });
  }
  const graph = checkGraph(channel, rules);
  if (graph !== undefined) found(graph.rule, graph.message, { code: graph.code });
  return findings;
}

function checkMembership(info: PackageInfo, bundles: ReadonlyMap<string, CheckedBundle>, found: Found): void {
  const members = new Set(info.channels.flatMap((channel) => channel.entries.map((entry) => entry.name)));
  for (const name of bundles.keys()) {
    if (!members.has(name)) found("bundle-channel", `Bundle "${name}": no channel has it`, { bundle: name });
  }
}

function checkVersions(info: PackageInfo, bundles: ReadonlyMap<string, CheckedBundle>, found: Found): void {
  const byVersion = new Map<string, string[]>();
  for (const { name, version, release } of bundles.values()) {
    const key = release === "" ? version : `${version}-${release}`;
    byVersion.set(key, [...(byVersion.get(key) ?? []), name]);
  }
  for (const [version, names] of byVersion) {
    if (names.length < 2) continue;
    found("package-versions", `Package "${info.name}": version ${version} belongs to ${names.length} bundles: ${names.sort().join(", ")}`);
  }
}
