import { stringify } from "smol-toml";
import { compareText, type MirrorEntry, ruleEntries } from "./mirror-entries.ts";
import { type MirrorScope, scopeRules } from "./mirror-scope.ts";
import { objectNameOf, type ResourceFile } from "./resource-file.ts";

/** What a drop-in for registries.conf is made of. */
export interface RegistriesConfRequest {
  readonly imageSet: string;
  readonly entries: readonly MirrorEntry[];
  readonly scope: MirrorScope;
  /** `host[:port]` of mirrors without verified TLS. */
  readonly insecureHosts?: readonly string[];
  /** True: nodes never fall back to the sources. */
  readonly blockSources?: boolean;
}

/** One `[[registry.mirror]]` table. */
interface MirrorTable {
  readonly location: string;
  readonly "pull-from-mirror"?: "digest-only" | "tag-only";
  readonly insecure?: true;
}

/**
 * A drop-in for `/etc/containers/registries.conf.d`, which CRI-O on MicroShift and podman read. One block per source, so
 * that a mirror with other paths than its source works. The name sorts last, so that it wins over the system's own files.
 * containers-registries.conf(5), containers-registries.conf.d(5).
 */
export function buildRegistriesConf(request: RegistriesConfRequest): ResourceFile {
  const entries = ruleEntries(request.entries);
  const tables = mirrorTables(entries, request);
  const registry = [
    ...[...tables].map(([source, mirror]) => ({
      prefix: source,
      location: source,
      ...(request.blockSources === true ? { blocked: true } : {}),
      mirror,
    })),
    ...insecureMirrorHosts(request).map((host) => ({ prefix: host, location: host, insecure: true })),
  ];
  return {
    name: `999-skerry-${objectNameOf(request.imageSet)}.conf`,
    text: registry.length === 0 ? "" : `${stringify({ registry }).trim()}\n`,
  };
}

/** Mirrors by source. One that serves both kinds of pulls needs no `pull-from-mirror`. */
function mirrorTables(entries: readonly MirrorEntry[], request: RegistriesConfRequest): Map<string, MirrorTable[]> {
  const digests = locations(
    entries.filter((entry) => entry.byDigest),
    request.scope,
  );
  const tags = locations(
    entries.filter((entry) => entry.byTag),
    request.scope,
  );
  const sources = [...new Set([...digests.keys(), ...tags.keys()])].sort(compareText);
  return new Map(
    sources.map((source) => {
      const byDigest = digests.get(source) ?? [];
      const byTag = tags.get(source) ?? [];
      const all = [...new Set([...byDigest, ...byTag])].sort(compareText);
      return [
        source,
        all.map((location) => mirrorTable(location, { byDigest: byDigest.includes(location), byTag: byTag.includes(location) }, request)),
      ];
    }),
  );
}

function mirrorTable(
  location: string,
  serves: { readonly byDigest: boolean; readonly byTag: boolean },
  request: RegistriesConfRequest,
): MirrorTable {
  const only =
    serves.byDigest && serves.byTag ? {} : { "pull-from-mirror": serves.byDigest ? ("digest-only" as const) : ("tag-only" as const) };
  const insecure = (request.insecureHosts ?? []).includes(location.split("/", 1)[0] ?? "");
  return { location, ...only, ...(insecure ? { insecure: true } : {}) };
}

function locations(entries: readonly MirrorEntry[], scope: MirrorScope): Map<string, readonly string[]> {
  return new Map(scopeRules(entries, scope).map((rule) => [rule.source, rule.mirrors]));
}

/** Hosts that are pulled from directly too: the catalog image is named by its place at the mirror. */
function insecureMirrorHosts(request: RegistriesConfRequest): string[] {
  const hosts = new Set(request.entries.map((entry) => entry.mirror.split("/", 1)[0] ?? ""));
  return (request.insecureHosts ?? []).filter((host) => hosts.has(host)).sort(compareText);
}
