import { channelGraph } from "../model/channel-graph.ts";
import { foldedMember } from "../scan/fold.ts";
import type { PackageInfo } from "../types.ts";
import type { CheckedBundle } from "./check-bundle.ts";
import type { Finding } from "./finding.ts";

/** What opm accepts of a package and a cluster, or its console, stumbles over. Nothing here is an error. */
export function lintPackage(body: Readonly<Record<string, unknown>>, info: PackageInfo | undefined): readonly Finding[] {
  if (info === undefined) return [];
  const found: Finding[] = [];
  const icon = foldedMember(body, "icon");
  if (typeof icon !== "object" || icon === null || Object.keys(icon).length === 0) {
    found.push({
      rule: "lint-icon",
      severity: "info",
      package: info.name,
      message: `Package "${info.name}": it has no icon`,
      hint: "The console shows a placeholder.",
    });
  }
  for (const channel of info.channels) {
    const graph = channelGraph(channel);
    for (const entry of channel.entries) {
      const target = entry.replaces;
      if (target === undefined || graph.entries.has(target)) continue;
      const elsewhere = info.bundles.has(target);
      found.push({
        rule: "lint-dangling-replaces",
        code: "REPLACES_DANGLING",
        severity: elsewhere ? "info" : "warning",
        package: info.name,
        channel: channel.name,
        bundle: entry.name,
        field: "replaces",
        original: target,
        message: `Channel "${channel.name}": entry "${entry.name}" replaces "${target}", which ${elsewhere ? "is not in this channel" : "does not exist"}`,
        hint: "Clusters that run the replaced version upgrade from another channel only.",
      });
    }
    const skipped = [...graph.entries.keys()].filter((name) => graph.skipped.has(name));
    if (skipped.length > 0) {
      found.push({
        rule: "lint-unreachable",
        severity: "info",
        package: info.name,
        channel: channel.name,
        message: `Channel "${channel.name}": no upgrade leads to ${skipped.length} skipped ${skipped.length === 1 ? "version" : "versions"}: ${skipped.slice(0, 3).join(", ")}${skipped.length > 3 ? ", …" : ""}`,
        hint: "They can be installed by name only (startingCSV).",
      });
    }
  }
  return found;
}

/** Digest mirrors do not serve tags; MicroShift and clusters before 4.13 have nothing else. */
export function lintTags(info: PackageInfo, bundles: ReadonlyMap<string, CheckedBundle>): readonly Finding[] {
  const tagged = [...bundles.values()].filter((bundle) => bundle.taggedImages > 0);
  if (tagged.length === 0) return [];
  const names = tagged.slice(0, 3).map((bundle) => bundle.name);
  return [
    {
      rule: "lint-tag-only",
      code: "REF_TAG_ONLY",
      severity: "info",
      package: info.name,
      message: `Package "${info.name}": ${tagged.length} of ${bundles.size} bundles name images by tag only: ${names.join(", ")}${tagged.length > 3 ? ", …" : ""}`,
      hint: "Such images need an ImageTagMirrorSet (from 4.13); MicroShift needs digests.",
    },
  ];
}
