import { loadCredentials, Registries } from "@skerry/oci";

/** Prints the tags of a repository, with the credentials that podman, oc and docker use. */
export async function listTags(
  host: string,
  repository: string,
  world: { readonly env: Readonly<Record<string, string | undefined>>; readonly home: string; readonly insecureHosts?: readonly string[] },
): Promise<string[]> {
  await using registries = new Registries({
    credentials: loadCredentials({ env: world.env, home: world.home }),
    insecureHosts: world.insecureHosts ?? [],
  });
  return Array.fromAsync(registries.reader(host).tags({ repository }));
}
