import { parse, TomlError } from "smol-toml";
import { ClusterError } from "./errors.ts";
import type { NodeMirror, NodeRule } from "./node-rules.ts";

const MAX_CHARACTERS = 16 * 1024 * 1024;

/**
 * The rules of one registries.conf or drop-in, version 2. containers-registries.conf(5).
 * @throws ClusterError `RULES_INVALID`
 */
export function readRegistriesConf(text: string): NodeRule[] {
  if (text.length > MAX_CHARACTERS) throw invalid(`it has more than ${MAX_CHARACTERS} characters`);
  let document: Record<string, unknown>;
  try {
    document = parse(text);
  } catch (error) {
    if (error instanceof TomlError) throw invalid(`it is not TOML: ${error.message.split("\n", 1)[0]}`, error);
    throw error;
  }
  return tables(document["registry"]).map(readRegistry);
}

function readRegistry(table: Readonly<Record<string, unknown>>): NodeRule {
  const location = textOf(table, "location").replace(/\/+$/, "");
  const prefix = textOf(table, "prefix").replace(/\/+$/, "") || location;
  if (prefix === "") throw invalid("a [[registry]] has neither prefix nor location");
  const digestOnly = table["mirror-by-digest-only"] === true;
  return {
    prefix,
    location,
    insecure: table["insecure"] === true,
    blocked: table["blocked"] === true,
    mirrors: tables(table["mirror"]).map((mirror) => readMirror(mirror, digestOnly)),
  };
}

function readMirror(table: Readonly<Record<string, unknown>>, digestOnly: boolean): NodeMirror {
  const own = textOf(table, "pull-from-mirror");
  const known: Readonly<Record<string, NodeMirror["pulls"]>> = { "": "all", all: "all", "digest-only": "digest", "tag-only": "tag" };
  const pulls = known[own];
  if (pulls === undefined) throw invalid(`pull-from-mirror is ${JSON.stringify(own)}`);
  if (digestOnly && own !== "") throw invalid("mirror-by-digest-only and pull-from-mirror exclude each other");
  const location = textOf(table, "location").replace(/\/+$/, "");
  if (location === "") throw invalid("a [[registry.mirror]] has no location");
  return { location, insecure: table["insecure"] === true, pulls: digestOnly ? "digest" : pulls };
}

function textOf(table: Readonly<Record<string, unknown>>, key: string): string {
  const value = table[key];
  if (value === undefined) return "";
  if (typeof value !== "string") throw invalid(`${key} is not text`);
  return value;
}

function tables(value: unknown): readonly Record<string, unknown>[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw invalid("registry and mirror are lists of tables");
  return value as Record<string, unknown>[];
}

function invalid(why: string, cause?: unknown): ClusterError {
  return new ClusterError({
    code: "RULES_INVALID",
    message: `Cannot read registries.conf: ${why}`,
    hint: "Write the cluster resources again, or correct the file by containers-registries.conf(5).",
    ...(cause === undefined ? {} : { cause }),
  });
}
