import { parse, TomlError } from "smol-toml";
import { OciError } from "../errors.ts";
import { isRegistryHost } from "../model/reference.ts";

export type PullFrom = "all" | "digest-only" | "tag-only";

/** Somewhere that images are read from. */
export interface RegistryEndpoint {
  /** `host[:port]/path` that replaces the prefix; empty only under a wildcard prefix, which then keeps its host. */
  readonly location: string;
  readonly insecure: boolean;
  readonly pullFromMirror: PullFrom;
}

/** One `[[registry]]` of containers-registries.conf(5). */
export interface RegistryRule extends RegistryEndpoint {
  readonly prefix: string;
  readonly blocked: boolean;
  readonly mirrors: readonly RegistryEndpoint[];
}

/** The rules in force, each prefix once. */
export interface RegistriesConf {
  readonly rules: readonly RegistryRule[];
  /** Files that were read, in order, for messages. */
  readonly files: readonly string[];
}

/** No rules: every name is read where it says. */
export const noRegistriesConf: RegistriesConf = { rules: [], files: [] };

const MAX_FILE = 16 * 1024 * 1024;

/**
 * Reads one registries.conf, version 2. `unqualified-search-registries`, aliases and the other keys that only matter for
 * short names are accepted and unused: short names are refused here.
 * @throws OciError `CONFIG_INVALID` with the place
 */
export function parseRegistriesConf(text: string, path: string = "registries.conf"): RegistriesConf {
  if (text.length > MAX_FILE) throw invalid(path, `it is larger than ${MAX_FILE} bytes`);
  let document: Record<string, unknown>;
  try {
    document = parse(text);
  } catch (cause) {
    if (cause instanceof TomlError)
      throw invalid(path, `line ${cause.line}, column ${cause.column}: ${cause.message.split("\n")[0] ?? ""}`);
    throw cause;
  }
  if (document["registries"] !== undefined) throw invalid(path, "it is in the old version 1 format ([registries.search] …)");
  const registries = document["registry"] ?? [];
  if (!Array.isArray(registries)) throw invalid(path, "registry is not a list; write [[registry]]");
  const rules = new Map<string, RegistryRule>();
  for (const [index, entry] of registries.entries()) {
    const rule = ruleOf(entry, `registry[${index}]`, path);
    if (rules.has(rule.prefix)) throw invalid(path, `prefix ${JSON.stringify(rule.prefix)} is there twice`);
    rules.set(rule.prefix, rule);
  }
  return { rules: [...rules.values()], files: [path] };
}

/** Later files win, prefix by prefix, as drop-ins do. */
export function mergeRegistriesConf(files: readonly RegistriesConf[]): RegistriesConf {
  const rules = new Map<string, RegistryRule>();
  for (const file of files) for (const rule of file.rules) rules.set(rule.prefix, rule);
  return { rules: [...rules.values()], files: files.flatMap((file) => file.files) };
}

function ruleOf(value: unknown, field: string, path: string): RegistryRule {
  const table = tableOf(value, field, path);
  const location = text(table, "location", { field, path }) ?? "";
  const prefix = text(table, "prefix", { field, path }) ?? location;
  if (prefix === "") throw invalid(path, `${field} has neither prefix nor location`);
  checkPrefix(prefix, { field, path });
  if (location === "" && !prefix.startsWith("*."))
    throw invalid(path, `${field} has no location, which only a wildcard prefix may leave out`);
  if (location !== "") checkLocation(location, { field, path });
  const digestOnly = flag(table, "mirror-by-digest-only", { field, path });
  const list = table["mirror"] ?? [];
  if (!Array.isArray(list)) throw invalid(path, `${field}.mirror is not a list; write [[registry.mirror]]`);
  const mirrors = list.map((entry: unknown, index): RegistryEndpoint => {
    const at = `${field}.mirror[${index}]`;
    const mirror = tableOf(entry, at, path);
    const where = text(mirror, "location", { field: at, path });
    if (where === undefined || where === "") throw invalid(path, `${at} has no location`);
    checkLocation(where, { field: at, path });
    const from = pullFrom(mirror, { field: at, path });
    if (from !== undefined && digestOnly) throw invalid(path, `${at}.pull-from-mirror and mirror-by-digest-only exclude each other`);
    return {
      location: trimmed(where),
      insecure: flag(mirror, "insecure", { field: at, path }),
      pullFromMirror: digestOnly ? "digest-only" : (from ?? "all"),
    };
  });
  if (table["pull-from-mirror"] !== undefined) throw invalid(path, `${field}.pull-from-mirror belongs to a mirror`);
  return {
    prefix: trimmed(prefix),
    location: trimmed(location),
    insecure: flag(table, "insecure", { field, path }),
    blocked: flag(table, "blocked", { field, path }),
    pullFromMirror: "all",
    mirrors,
  };
}

interface At {
  readonly field: string;
  readonly path: string;
}

function tableOf(value: unknown, field: string, path: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw invalid(path, `${field} is not a table`);
}

function text(table: Record<string, unknown>, key: string, at: At): string | undefined {
  const value = table[key];
  if (value === undefined || typeof value === "string") return value;
  throw invalid(at.path, `${at.field}.${key} is not a string`);
}

function flag(table: Record<string, unknown>, key: string, at: At): boolean {
  const value = table[key] ?? false;
  if (typeof value === "boolean") return value;
  throw invalid(at.path, `${at.field}.${key} is not true or false`);
}

function pullFrom(table: Record<string, unknown>, at: At): PullFrom | undefined {
  const value = text(table, "pull-from-mirror", at);
  if (value === undefined || value === "") return undefined;
  if (value === "all" || value === "digest-only" || value === "tag-only") return value;
  throw invalid(at.path, `${at.field}.pull-from-mirror is ${JSON.stringify(value)}: expected all, digest-only or tag-only`);
}

function checkPrefix(prefix: string, at: At): void {
  if (prefix.startsWith("*.")) {
    if (prefix.includes("/") || prefix.slice(2) === "" || prefix.slice(1).includes("*"))
      throw invalid(at.path, `${at.field}.prefix ${JSON.stringify(prefix)}: a wildcard stands only before a domain, as in *.example.com`);
    return;
  }
  checkLocation(prefix, { field: `${at.field}.prefix`, path: at.path });
}

function checkLocation(location: string, at: At): void {
  const host = location.split("/")[0] ?? "";
  if (/:\/\//.test(location)) throw invalid(at.path, `${at.field}: ${JSON.stringify(location)} has a scheme; write host[:port]/path`);
  if (!isRegistryHost(host)) throw invalid(at.path, `${at.field}: ${JSON.stringify(location)} does not begin with a host`);
}

function trimmed(location: string): string {
  return location.replace(/\/+$/, "");
}

function invalid(path: string, why: string): OciError {
  return new OciError({
    code: "CONFIG_INVALID",
    message: `Cannot read ${path}: ${why}`,
    subject: path,
    hint: "See containers-registries.conf(5), version 2.",
  });
}
