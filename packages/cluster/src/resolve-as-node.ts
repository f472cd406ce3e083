import { parseReference, type Reference } from "@skerry/oci";
import { matchingRule, type NodeRule, type NodeRules } from "./node-rules.ts";
import { readMirrorSets } from "./read-mirror-sets.ts";
import { readRegistriesConf } from "./read-registries-conf.ts";

/** A place that a node would try, in this order with the others. */
export interface PullCandidate {
  /** `host[:port]/path` with the tag or digest that is asked for. */
  readonly reference: string;
  /** `host[:port]`. */
  readonly host: string;
  readonly repository: string;
  /** Tag or digest. */
  readonly name: string;
  readonly from: "mirror" | "source";
  /** Prefix of the rule that brought it; undefined for a source without a rule. */
  readonly rule?: string;
  readonly insecure: boolean;
  /** A rule forbids this place: the node does not contact it. */
  readonly blocked: boolean;
}

/** Files that a node would have read. */
export interface NodeFiles {
  /** YAML with ImageDigestMirrorSet, ImageTagMirrorSet and ImageContentSourcePolicy objects. */
  readonly mirrorSets?: readonly string[];
  /** registries.conf and its drop-ins, in the order of their names; a later table replaces an earlier one of its prefix. */
  readonly registriesConf?: readonly string[];
}

/**
 * Reads what a node goes by.
 * @throws ClusterError `RULES_INVALID`
 */
export function readNodeRules(files: NodeFiles): NodeRules {
  const byPrefix = new Map<string, NodeRule>();
  for (const rule of readMirrorSets(files.mirrorSets ?? [])) byPrefix.set(rule.prefix, rule);
  for (const text of files.registriesConf ?? []) for (const rule of readRegistriesConf(text)) byPrefix.set(rule.prefix, rule);
  return { rules: [...byPrefix.values()] };
}

/**
 * Where a node would look for an image, in order: the mirrors of the longest matching rule that serve this kind of pull,
 * then the source. A reference with tag and digest is pulled by digest. Only the longest rule counts: its mirrors are not
 * added to those of a shorter one. containers/image "sysregistriesv2", as CRI-O and podman use it.
 * @throws OciError `REFERENCE_INVALID`
 */
export function resolveAsNode(text: string, rules: NodeRules): PullCandidate[] {
  const reference = parseReference(text.replace(/^docker:\/\//, ""));
  const source = `${reference.registry}/${reference.repository}`;
  const match = matchingRule(rules, source);
  if (match === undefined) return [candidate({ location: source, reference, from: "source", insecure: false, rules })];
  const { rule, length } = match;
  const rest = source.slice(length);
  const pull = reference.digest === undefined ? "tag" : "digest";
  const mirrors = rule.mirrors
    .filter((mirror) => mirror.pulls === "all" || mirror.pulls === pull)
    .map((mirror) => candidate({ location: mirror.location + rest, reference, from: "mirror", insecure: mirror.insecure, rule, rules }));
  const own = rule.location === "" || rule.prefix.startsWith("*.") ? source : rule.location + rest;
  return [...mirrors, candidate({ location: own, reference, from: "source", insecure: rule.insecure, rule, rules })];
}

interface Place {
  readonly location: string;
  readonly reference: Reference;
  readonly from: PullCandidate["from"];
  readonly insecure: boolean;
  readonly rule?: NodeRule;
  readonly rules: NodeRules;
}

function candidate(place: Place): PullCandidate {
  const { location, reference } = place;
  const slash = location.indexOf("/");
  const name = reference.digest ?? reference.tag ?? "latest";
  return {
    reference: `${location}${reference.digest === undefined ? ":" : "@"}${name}`,
    host: location.slice(0, slash),
    repository: location.slice(slash + 1),
    name,
    from: place.from,
    ...(place.rule === undefined ? {} : { rule: place.rule.prefix }),
    insecure: place.insecure,
    // A mirror may have a rule of its own, which can forbid it. A rule's own block concerns its source only.
    blocked: place.from === "source" ? (place.rule?.blocked ?? false) : (matchingRule(place.rules, location)?.rule.blocked ?? false),
  };
}
