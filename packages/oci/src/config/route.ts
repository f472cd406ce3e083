import { OciError } from "../errors.ts";
import type { RegistriesConf, RegistryEndpoint, RegistryRule } from "./registries-conf.ts";

/** A repository as it is to be asked for. */
export interface Route {
  readonly host: string;
  readonly repository: string;
  readonly insecure: boolean;
}

/** What is looked for: mirrors may serve digests only, or tags only. */
export interface Wanted {
  readonly host: string;
  readonly repository: string;
  readonly by: "digest" | "tag";
}

/**
 * Where a repository is read from, mirrors in order and the registry itself last. The longest matching prefix decides;
 * its part of the name is replaced by each location. containers-registries.conf(5) "remapping and mirroring".
 * @throws OciError `BLOCKED` when the rule blocks and no mirror may serve it
 */
export function routesFor(conf: RegistriesConf, wanted: Wanted): readonly Route[] {
  const name = `${wanted.host}/${wanted.repository}`;
  const rule = ruleFor(conf, wanted);
  if (rule === undefined) return [{ host: wanted.host, repository: wanted.repository, insecure: false }];
  const mirrors = rule.mirrors.filter(
    (mirror) => mirror.pullFromMirror === "all" || mirror.pullFromMirror === (wanted.by === "digest" ? "digest-only" : "tag-only"),
  );
  const endpoints: readonly RegistryEndpoint[] = rule.blocked ? mirrors : [...mirrors, rule];
  if (endpoints.length === 0) {
    throw new OciError({
      code: "BLOCKED",
      message: `Refused to read ${name}: registries.conf blocks ${rule.prefix}`,
      subject: name,
      host: wanted.host,
      hint: `Look for prefix ${rule.prefix} in ${conf.files.join(", ") || "registries.conf"}.`,
    });
  }
  return endpoints.map((endpoint) => rewritten(name, rule, endpoint));
}

function ruleFor(conf: RegistriesConf, wanted: Wanted): RegistryRule | undefined {
  const name = `${wanted.host}/${wanted.repository}`;
  let best: RegistryRule | undefined;
  for (const rule of conf.rules) {
    if (matchLength(rule.prefix, name, wanted.host) > 0 && (best === undefined || rule.prefix.length > best.prefix.length)) best = rule;
  }
  return best;
}

/** How much of a name a prefix covers, at path boundaries; 0 when it does not match. */
function matchLength(prefix: string, name: string, host: string): number {
  if (prefix.startsWith("*."))
    return host.replace(/:\d+$/, "").endsWith(prefix.slice(1)) || host.endsWith(prefix.slice(1)) ? host.length : 0;
  if (name === prefix || name.startsWith(`${prefix}/`)) return prefix.length;
  return 0;
}

function rewritten(name: string, rule: RegistryRule, endpoint: RegistryEndpoint): Route {
  const covered = rule.prefix.startsWith("*.") ? (name.split("/")[0] ?? "").length : rule.prefix.length;
  const full = endpoint.location === "" ? name : `${endpoint.location}${name.slice(covered)}`;
  const slash = full.indexOf("/");
  return { host: full.slice(0, slash), repository: full.slice(slash + 1), insecure: endpoint.insecure };
}
