/** One mirror of a rule. */
export interface NodeMirror {
  readonly location: string;
  readonly insecure: boolean;
  /** Which pulls it serves. */
  readonly pulls: "all" | "digest" | "tag";
}

/** One `[[registry]]` table as a node has it. */
export interface NodeRule {
  /** `host[:port][/path]`, or `*.host`. */
  readonly prefix: string;
  /** What the prefix becomes for the source itself; empty: itself. */
  readonly location: string;
  readonly insecure: boolean;
  readonly blocked: boolean;
  readonly mirrors: readonly NodeMirror[];
}

/** What `registries.conf` says on a node. */
export interface NodeRules {
  /** At most one a prefix. */
  readonly rules: readonly NodeRule[];
}

/** The rule whose prefix is the longest that matches a name. containers-registries.conf(5) "choosing a [[registry]] table". */
export function matchingRule(rules: NodeRules, name: string): { readonly rule: NodeRule; readonly length: number } | undefined {
  let best: { readonly rule: NodeRule; readonly length: number } | undefined;
  for (const rule of rules.rules) {
    const length = matchLength(name, rule.prefix);
    // A wildcard matches the whole host; a prefix of the same reach that is written out is more exact and comes first.
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
