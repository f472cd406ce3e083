import type { PullFrom, RegistryEndpoint, RegistryRule } from "@skerry/oci";
import { loadAll, YAMLException } from "js-yaml";
import { ClusterError } from "./errors.ts";

const MAX_CHARACTERS = 16 * 1024 * 1024;

interface Kind {
  readonly list: string;
  readonly pulls: PullFrom;
}

const KINDS: Readonly<Record<string, Kind>> = {
  ImageDigestMirrorSet: { list: "imageDigestMirrors", pulls: "digest-only" },
  ImageTagMirrorSet: { list: "imageTagMirrors", pulls: "tag-only" },
  ImageContentSourcePolicy: { list: "repositoryDigestMirrors", pulls: "digest-only" },
};

/**
 * The rules that a machine config operator would write for mirror objects; other objects are passed over. Mirrors of one
 * source from several objects are put one after another, digest mirrors first; `NeverContactSource` blocks the source.
 * machine-config-operator "container-runtime-config".
 * @throws ClusterError `RULES_INVALID`
 */
export function readMirrorSets(texts: readonly string[]): RegistryRule[] {
  const mirrors = new Map<string, RegistryEndpoint[]>();
  const blocked = new Set<string>();
  for (const object of texts.flatMap(readObjects)) {
    const kind = KINDS[String(object["kind"])];
    if (kind === undefined) continue;
    for (const entry of list(field(object["spec"], kind.list))) {
      const source = field(entry, "source");
      if (typeof source !== "string" || source === "") throw invalid(`an entry of ${kind.list} has no source`);
      const own = mirrors.get(source) ?? [];
      for (const location of list(field(entry, "mirrors")))
        if (typeof location === "string") own.push({ location, insecure: false, pullFromMirror: kind.pulls });
      mirrors.set(source, own);
      if (field(entry, "mirrorSourcePolicy") === "NeverContactSource") blocked.add(source);
    }
  }
  return [...mirrors].map(([prefix, own]) => ({
    prefix,
    location: prefix.startsWith("*.") ? "" : prefix,
    insecure: false,
    pullFromMirror: "all",
    blocked: blocked.has(prefix),
    mirrors: mergeMirrors(own),
  }));
}

/** The same mirror for both kinds of pulls is one entry. */
function mergeMirrors(mirrors: readonly RegistryEndpoint[]): RegistryEndpoint[] {
  const byLocation = Map.groupBy(mirrors, (mirror) => mirror.location);
  return [...byLocation].map(([location, own]) => ({
    location,
    insecure: false,
    pullFromMirror: new Set(own.map((mirror) => mirror.pullFromMirror)).size > 1 ? "all" : (own[0]?.pullFromMirror ?? "all"),
  }));
}

function readObjects(text: string): Record<string, unknown>[] {
  if (text.length > MAX_CHARACTERS) throw invalid(`a file has more than ${MAX_CHARACTERS} characters`);
  try {
    return loadAll(text, { maxDepth: 50, maxAliases: 0 }).filter(
      (document): document is Record<string, unknown> => typeof document === "object" && document !== null && !Array.isArray(document),
    );
  } catch (error) {
    if (error instanceof YAMLException) throw invalid(`a file is not YAML: ${error.message.split("\n", 1)[0]}`, error);
    throw error;
  }
}

function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function invalid(why: string, cause?: unknown): ClusterError {
  return new ClusterError({
    code: "RULES_INVALID",
    message: `Cannot read mirror rules: ${why}`,
    hint: "Write the cluster resources again.",
    ...(cause === undefined ? {} : { cause }),
  });
}
