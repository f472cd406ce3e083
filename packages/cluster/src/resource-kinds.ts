import { ClusterError } from "./errors.ts";
import { type ClusterProfile, type ClusterVersion, isAtLeast, parseClusterVersion } from "./profile.ts";

/** Resources that can be asked for by name. */
export const RESOURCE_KINDS = ["icsp", "idms", "itms", "catalogsource", "clustercatalog", "registriesconf"] as const;

export type ResourceKind = (typeof RESOURCE_KINDS)[number];

/**
 * Which resources to write. `auto` takes what the cluster reads: ICSP before 4.13, IDMS and ITMS from then on,
 * ClusterCatalog from 4.18 (the first release with its v1), and a registries.conf drop-in alone for MicroShift, which has
 * none of these APIs. The guest side of a hosted control plane denies mirror sets, so it gets catalogs only.
 * @throws ClusterError `RESOURCES_UNSUPPORTED` when the cluster cannot read what was asked for
 */
export function chooseResources(profile: ClusterProfile, wanted: "auto" | readonly ResourceKind[]): ReadonlySet<ResourceKind> {
  const version = parseClusterVersion(profile.version);
  if (wanted === "auto") return new Set(RESOURCE_KINDS.filter((kind) => isAutomatic(kind, profile, version)));
  for (const kind of wanted) {
    const why = unsupported(kind, profile, version);
    if (why !== undefined) throw refused(kind, profile, why);
  }
  const chosen = new Set(wanted);
  if (chosen.has("icsp") && (chosen.has("idms") || chosen.has("itms")) && !mayCoexist(version)) {
    throw refused("icsp", profile, "ImageContentSourcePolicy and the mirror sets exclude each other before 4.13.27, 4.14.3 and 4.15");
  }
  return chosen;
}

function isAutomatic(kind: ResourceKind, profile: ClusterProfile, version: ClusterVersion): boolean {
  if (kind === "icsp" && isAtLeast(version, "4.13")) return false;
  if (kind === "registriesconf") return profile.flavour === "microshift";
  return unsupported(kind, profile, version) === undefined;
}

function unsupported(kind: ResourceKind, profile: ClusterProfile, version: ClusterVersion): string | undefined {
  if (kind === "registriesconf" || kind === "catalogsource") return undefined;
  if (profile.flavour === "microshift") return "MicroShift has no such API; its nodes read registries.conf";
  if (kind === "clustercatalog") return isAtLeast(version, "4.18") ? undefined : "its version 1 exists from 4.18 on";
  if (profile.flavour === "hosted") return "the guest cluster denies it; mirrors belong into the HostedCluster's imageContentSources";
  if (kind === "icsp") return undefined;
  return isAtLeast(version, "4.13") ? undefined : "it exists from 4.13 on";
}

/** Releases whose machine config operator takes both kinds of objects. openshift-docs "Configuring image registry repository mirroring". */
function mayCoexist(version: ClusterVersion): boolean {
  if (isAtLeast(version, "4.15")) return true;
  const first = version.minor === 13 ? 27 : 3;
  return version.major === 4 && version.minor >= 13 && version.patch !== undefined && version.patch >= first;
}

function refused(kind: ResourceKind, profile: ClusterProfile, why: string): ClusterError {
  return new ClusterError({
    code: "RESOURCES_UNSUPPORTED",
    message: `Cannot write ${kind} for ${profile.flavour} ${profile.version}: ${why}`,
    subject: kind,
    hint: "Leave --resources at auto, or give the right --cluster-version.",
  });
}
