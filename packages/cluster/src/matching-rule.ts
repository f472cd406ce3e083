import type { RegistriesConf, RegistryRule } from "@skerry/oci";

/** The rule whose prefix is the longest that matches a name. containers-registries.conf(5) "choosing a [[registry]] table". */
export function matchingRule(rules: RegistriesConf, name: string): { readonly rule: RegistryRule; readonly length: number } | undefined {
  let best: { readonly rule: RegistryRule; readonly length: number } | undefined;
  for (const rule of rules.rules) {
    const length = matchLength(name, rule.prefix);
    // What counts is how long the prefix is written, also with a wildcard. containers/image "sysregistriesv2".
    if (length > 0 && (best === undefined || rule.prefix.length > best.rule.prefix.length)) best = { rule, length };
  }
  return best;
}

/** How much of a name a prefix covers; 0: it does not match. */
function matchLength(name: string, prefix: string): number {
  if (prefix.startsWith("*.")) {
    // A port is no part of what the wildcard covers: it stays behind the mirror. containers/image "sysregistriesv2".
    const host = (name.split("/", 1)[0] ?? "").replace(/:\d+$/, "");
    return host.endsWith(prefix.slice(1)) ? host.length : 0;
  }
  if (!name.startsWith(prefix)) return 0;
  const next = name.charAt(prefix.length);
  return next === "" || next === "/" || next === ":" || next === "@" ? prefix.length : 0;
}
