import { ClusterError } from "./errors.ts";

/** What kind of cluster the resources are for. `hosted`: the guest side of hosted control planes. */
export const CLUSTER_FLAVOURS = ["openshift", "okd", "microshift", "hosted"] as const;

export type ClusterFlavour = (typeof CLUSTER_FLAVOURS)[number];

/** The cluster that resources are made for. */
export interface ClusterProfile {
  readonly flavour: ClusterFlavour;
  /** `4.16`, or `4.16.3` where the patch is known. */
  readonly version: string;
}

/** What is assumed when nobody says which cluster it is. */
export const NEWEST_KNOWN_VERSION = "4.22";

/** Parts of a version; the patch is unknown when only `X.Y` was given. */
export interface ClusterVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch?: number;
}

/**
 * Reads `X.Y[.Z]`; what follows a dash (`4.16.0-rc.1`, OKD's `4.16.0-0.okd-…`) does not change what a release can do.
 * @throws ClusterError `PROFILE_INVALID`
 */
export function parseClusterVersion(text: string): ClusterVersion {
  const match = /^v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,5})(?:[-+][0-9A-Za-z.+-]*)?)?$/.exec(text);
  if (match === null) {
    throw new ClusterError({
      code: "PROFILE_INVALID",
      message: `Cannot read cluster version ${JSON.stringify(text.slice(0, 100))}: expected X.Y or X.Y.Z`,
      subject: text.slice(0, 100),
      hint: "Give --cluster-version 4.16, or 4.16.3.",
    });
  }
  const patch = match[3] === undefined ? {} : { patch: Number(match[3]) };
  return { major: Number(match[1]), minor: Number(match[2]), ...patch };
}

/** True when a version is `major.minor` or later. */
export function isAtLeast(version: ClusterVersion, wanted: `${number}.${number}`): boolean {
  const { major, minor } = parseClusterVersion(wanted);
  return version.major > major || (version.major === major && version.minor >= minor);
}
