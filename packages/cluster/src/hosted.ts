import { type MirrorEntry, ruleEntries } from "./mirror-entries.ts";
import { type MirrorScope, scopeRules } from "./mirror-scope.ts";
import { yamlText } from "./resource-file.ts";

/**
 * Text of a merge patch for a HostedCluster on its management cluster: `spec.imageContentSources`, which the guest's nodes
 * read. Digest mirrors only. hypershift "HostedCluster".
 */
export function hostedClusterPatch(entries: readonly MirrorEntry[], scope: MirrorScope = "repository"): string {
  const rules = scopeRules(
    ruleEntries(entries).filter((entry) => entry.byDigest),
    scope,
  );
  return yamlText({ spec: { imageContentSources: rules.map(({ source, mirrors }) => ({ source, mirrors: [...mirrors] })) } });
}
