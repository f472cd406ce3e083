/** Repository of the upstream that stands for one of an original host: `registry.example.com:5000/a/b` is `registry.example.com_5000/a/b`. */
export function upstreamRepository(original: string): string {
  const slash = original.indexOf("/");
  const host = slash < 0 ? original : original.slice(0, slash);
  return hostFolder(host) + (slash < 0 ? "" : original.slice(slash));
}

/** `registries.conf` (containers-registries.conf(5), version 2) that sends every original host to the upstream. */
export function registriesConf(hosts: readonly string[], upstreamHost: string): string {
  const rules = [...new Set(hosts)].sort().map((host) => {
    return [`[[registry]]`, `prefix = "${host}"`, `location = "${upstreamHost}/${hostFolder(host)}"`, `insecure = true`, ""].join("\n");
  });
  return [`unqualified-search-registries = []`, `short-name-mode = "disabled"`, "", ...rules].join("\n");
}

/** A host as one part of a repository's path: a colon cannot stand there. */
function hostFolder(host: string): string {
  return host.toLowerCase().replace(":", "_");
}
