import {
  mergeRegistriesConf,
  parseReference,
  parseRegistriesConf,
  type Reference,
  type RegistriesConf,
  type RegistryRule,
} from "@skerry/oci";
import { matchingRule } from "./matching-rule.ts";
import { compareText } from "./mirror-entries.ts";
import { readMirrorSets } from "./read-mirror-sets.ts";
import type { ResourceFile } from "./resource-file.ts";

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

/** The files of a folder with cluster resources that a node would go by; the others are passed over. */
export function nodeFilesOf(files: readonly ResourceFile[]): NodeFiles {
  const sorted = [...files].sort((a, b) => compareText(a.name, b.name));
  const texts = (suffix: RegExp) => sorted.filter((file) => suffix.test(file.name)).map((file) => file.text);
  return { mirrorSets: texts(/\.ya?ml$/), registriesConf: texts(/\.conf$/) };
}

/**
 * Reads what a node goes by.
 * @throws ClusterError `RULES_INVALID` for objects, OciError `CONFIG_INVALID` for registries.conf
 */
export function readNodeRules(files: NodeFiles): RegistriesConf {
  const objects: RegistriesConf = { rules: readMirrorSets(files.mirrorSets ?? []), files: [] };
  return mergeRegistriesConf([objects, ...(files.registriesConf ?? []).map((text) => parseRegistriesConf(text))]);
}

/**
 * Where a node would look for an image, in order: the mirrors of the longest matching rule that serve this kind of pull,
 * then the source. A reference with tag and digest is pulled by digest. Only the longest rule counts: its mirrors are not
 * added to those of a shorter one. containers/image "sysregistriesv2", as CRI-O and podman use it.
 * @throws OciError `REFERENCE_INVALID`
 */
export function resolveAsNode(text: string, rules: RegistriesConf): PullCandidate[] {
  const reference = parseReference(text.replace(/^docker:\/\//, ""));
  const source = `${reference.registry}/${reference.repository}`;
  const match = matchingRule(rules, source);
  if (match === undefined) return [candidate({ location: source, reference, from: "source", insecure: false, rules })];
  const { rule, length } = match;
  const rest = source.slice(length);
  const pull = reference.digest === undefined ? "tag-only" : "digest-only";
  const mirrors = rule.mirrors
    .filter((mirror) => mirror.pullFromMirror === "all" || mirror.pullFromMirror === pull)
    .map((mirror) => candidate({ location: mirror.location + rest, reference, from: "mirror", insecure: mirror.insecure, rule, rules }));
  const own = rule.location === "" ? source : rule.location + rest;
  return [...mirrors, candidate({ location: own, reference, from: "source", insecure: rule.insecure, rule, rules })];
}

interface Place {
  readonly location: string;
  readonly reference: Reference;
  readonly from: PullCandidate["from"];
  readonly insecure: boolean;
  readonly rule?: RegistryRule;
  readonly rules: RegistriesConf;
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
