import { type MirrorEntry, ruleEntries } from "./mirror-entries.ts";
import type { ClusterProblem } from "./problem.ts";
import type { ClusterProfile } from "./profile.ts";
import type { ResourceKind } from "./resource-kinds.ts";

/**
 * Rows for images that are pulled by tag: digest rules do not touch them. On a cluster without ImageTagMirrorSet they are
 * out of reach; where ITMS was left out they need it; where it is written, one row tells what applying it does to nodes.
 */
export function tagProblems(
  request: { readonly profile: ClusterProfile; readonly mirrors: readonly MirrorEntry[] },
  kinds: ReadonlySet<ResourceKind>,
): ClusterProblem[] {
  const sources = [
    ...new Set(
      ruleEntries(request.mirrors)
        .filter((entry) => entry.byTag)
        .map((entry) => entry.source),
    ),
  ];
  if (sources.length === 0 || kinds.has("registriesconf")) return [];
  if (kinds.has("itms")) return [written(sources)];
  const rulesWanted = kinds.has("idms") || kinds.has("icsp") || request.profile.flavour === "hosted";
  // Catalogs only were asked for: whoever did so writes the mirror rules elsewhere.
  if (!rulesWanted) return [];
  return sources.map((source) => (kinds.has("idms") ? leftOut(source) : outOfReach(source, request.profile, kinds)));
}

function written(sources: readonly string[]): ClusterProblem {
  const [first] = sources;
  return {
    code: "TAG_NEEDS_ITMS",
    severity: "info",
    subject: "ImageTagMirrorSet",
    action: "kept",
    message: `${sources.length === 1 ? `${first} is` : `${sources.length} repositories, the first of them ${first}, are`} pulled by tag and mirrored by an ImageTagMirrorSet: applying it drains the nodes one after another`,
    hint: "Apply all mirror objects at once, so that it happens once.",
  };
}

function leftOut(source: string): ClusterProblem {
  return {
    code: "TAG_NEEDS_ITMS",
    severity: "error",
    subject: source,
    action: "kept",
    message: `Images of ${source} are pulled by tag, and no ImageTagMirrorSet was asked for: nodes will look for them at the source`,
    hint: "Add itms to --resources.",
  };
}

function outOfReach(source: string, profile: ClusterProfile, kinds: ReadonlySet<ResourceKind>): ClusterProblem {
  const why = kinds.has("icsp") ? "it knows digest mirrors only" : "its HostedCluster takes digest mirrors only";
  return {
    code: "TAG_UNREACHABLE",
    severity: "error",
    subject: source,
    action: "kept",
    message: `Images of ${source} are pulled by tag, and ${profile.flavour} ${profile.version} cannot redirect them: ${why}`,
    hint: "Configure the mirror in registries.conf on the nodes, choose versions that name their images by digest, or waive it.",
  };
}
