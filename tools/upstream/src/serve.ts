import { createHash } from "node:crypto";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Registries } from "@skerry/oci";
import { type RunningRegistry, startRegistry } from "@skerry/registry";
import { type BuildUpstreamOptions, buildUpstream, type CatalogSource, type Upstream } from "./build.ts";
import { registriesConf } from "./registries-conf.ts";
import { readState, writeState } from "./state.ts";
import { unsyncedFiles } from "./unsynced-files.ts";

export interface ServeUpstreamOptions extends Omit<BuildUpstreamOptions, "target" | "catalogs"> {
  readonly catalogs: readonly Omit<CatalogSource, "copyTo">[];
  /** Folder for everything: `registry/`, `catalogs/<n>/`, `registries.conf`, `upstream.json`. */
  readonly root: string;
  /** `127.0.0.1:0` unless given. */
  readonly listen?: string;
}

/** An upstream that answers. Its registry may be closed and its root served again. */
export interface RunningUpstream extends Upstream, AsyncDisposable {
  readonly registry: RunningRegistry;
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** Folders of the rewritten catalogs, in the order of the options. */
  readonly catalogDirs: readonly string[];
  /** Path and text of the registries.conf that sends every original host here. */
  readonly registriesConfPath: string;
  readonly registriesConf: string;
  /** False when an earlier run had made it already. */
  readonly made: boolean;
  close(): Promise<void>;
}

/**
 * Starts an embedded registry on loopback and fills it, unless the root was filled with the same before.
 * @throws Error for a package that a catalog lacks; RegistryError when the root is in use or the address is
 */
export async function serveUpstream(options: ServeUpstreamOptions): Promise<RunningUpstream> {
  const { root, listen, ...rest } = options;
  const madeOf = await fingerprint(rest);
  const before = await readState(root, madeOf);
  if (before === undefined) {
    for (const part of ["registry", "catalogs", "upstream.json"]) await rm(join(root, part), { recursive: true, force: true });
  }
  const registry = await startRegistry({ root: join(root, "registry"), listen: listen ?? "127.0.0.1:0", files: unsyncedFiles });
  try {
    const catalogs = options.catalogs.map((catalog, index) => ({ ...catalog, copyTo: join(root, "catalogs", String(index)) }));
    const upstream = before ?? (await fill(registry, { ...rest, catalogs }));
    if (before === undefined) await writeState(root, madeOf, upstream);
    const text = registriesConf(upstream.hosts, registry.host);
    const path = join(root, "registries.conf");
    await writeFile(path, text);
    const close = (): Promise<void> => registry.close();
    return {
      ...upstream,
      registry,
      host: registry.host,
      catalogDirs: catalogs.map(({ copyTo }) => copyTo),
      registriesConfPath: path,
      registriesConf: text,
      made: before === undefined,
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await registry.close();
    throw error;
  }
}

async function fill(registry: RunningRegistry, options: Omit<BuildUpstreamOptions, "target">): Promise<Upstream> {
  await using registries = new Registries({ insecureHosts: [registry.host], maxPerHost: 16 });
  return await buildUpstream({ ...options, target: registries.writer(registry.host) });
}

/** Hash of the options and of every catalog file: what decides about the result. */
async function fingerprint(options: Omit<ServeUpstreamOptions, "root" | "listen">): Promise<string> {
  const hash = createHash("sha256");
  // The format of what is made: to be raised when the same options give other bytes.
  hash.update(JSON.stringify(["upstream 1", options]));
  for (const { dir } of options.catalogs) {
    const files = await readdir(dir, { recursive: true, withFileTypes: true });
    const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
    for (const path of paths.sort()) hash.update(path.slice(dir.length)).update(await readFile(path));
  }
  return hash.digest("hex");
}
