import type { Registries } from "@skerry/oci";
import type { Job } from "../command/job.ts";
import type { RegistryFlags } from "../command/registry-flags.ts";
import type { ImageName } from "../names/image-name.ts";
import { hostsOf, Places } from "../places/places.ts";
import { type Ends, openRegistries } from "../registries/open.ts";

/** What a command reads and writes beside its catalogs, by name or host. Without destinations the catalogs' own hosts are meant by `--insecure`. */
export interface MoreEnds {
  readonly sources?: "any" | readonly ImageName[];
  readonly destinations?: readonly (ImageName | string)[];
}

/** The registries of a command, and the places that names lead to through them. */
export interface Network {
  readonly places: Places;
  readonly registries: Registries;
}

/**
 * Opens both; `parts` closes them.
 * @throws UsageError, OciError of {@link openRegistries}
 */
export async function openNetwork(
  job: Job<RegistryFlags>,
  ends: { readonly catalogs: readonly ImageName[]; readonly more: MoreEnds },
  parts: AsyncDisposableStack,
): Promise<Network> {
  const registries = parts.use(await openRegistries(job, endsOf(hostsOf(ends.catalogs), ends.more)));
  return { registries, places: parts.use(new Places(job, registries)) };
}

function endsOf(hosts: readonly string[], more: MoreEnds): Ends {
  const { sources = [], destinations } = more;
  const all = sources === "any" ? sources : [...hosts, ...hostsOf(sources)];
  if (destinations === undefined) return { sources: all, destinations: hosts };
  return {
    sources: all,
    destinations: destinations.flatMap((one) => (typeof one === "string" ? [one] : hostsOf([one]))),
  };
}
