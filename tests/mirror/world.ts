import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningRegistry, startRegistry } from "@skerry/registry";
import { type RunningUpstream, serveUpstream } from "@skerry-tools/upstream";
import { type Captured, runInWorld } from "../../packages/cli/src/testing/world.ts";
import { projectRoot } from "../support/skerry.ts";
import { type WatchedRegistry, watchRegistry } from "../support/watched-registry.ts";

/** The sample catalog behind a watched upstream, and a watched empty registry to mirror into. */
export interface MirrorWorld extends AsyncDisposable {
  readonly dir: string;
  readonly upstream: RunningUpstream;
  /** In front of the upstream; registries.conf leads here. */
  readonly source: WatchedRegistry;
  readonly mirror: RunningRegistry;
  /** In front of the mirror. */
  readonly target: WatchedRegistry;
  /** Runs a command with registries.conf and --insecure. */
  run(...args: readonly string[]): Promise<Captured>;
  /** Runs a command and reads its JSON result, whatever its exit code. */
  json(...args: readonly string[]): Promise<{ readonly code: number; readonly result: Json; readonly stderr: string }>;
  /** Writes an image set configuration and returns its path. */
  config(text: string): Promise<string>;
}

// biome-ignore lint/suspicious/noExplicitAny: results are looked at key by key
export type Json = any;

export const CATALOG = "registry.isle.example/catalogs/operator-index:v1";

/** A configuration with the sample's packages of these lines. */
export function imageSet(packages: string, rest = ""): string {
  return `apiVersion: mirror.openshift.io/v2alpha1\nkind: ImageSetConfiguration\nmirror:\n  operators:\n    - catalog: ${CATALOG}\n      packages:\n${packages
    .trim()
    .split("\n")
    .map((line) => `        ${line}\n`)
    .join("")}${rest}`;
}

export interface WorldOptions {
  readonly missing?: readonly string[];
  /** Catalogs to offer instead of the sample. */
  readonly catalogs?: readonly { readonly dir: string; readonly reference: string; readonly packages?: readonly string[] }[];
  /** References that are offered beside those of the catalogs. */
  readonly images?: readonly string[];
  /** Folder of published bundles instead of the sample's. */
  readonly bundlesDir?: string;
}

/** Builds the world in a folder of its own. */
export async function mirrorWorld(options: WorldOptions = {}): Promise<MirrorWorld> {
  const parts = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), "skerry-mirror-"));
  parts.defer(() => rm(dir, { recursive: true, force: true }));
  const sample = join(projectRoot, "examples", "quickstart");
  if (options.catalogs === undefined) await cp(join(sample, "catalog"), join(dir, "catalog"), { recursive: true });
  const upstream = parts.use(
    await serveUpstream({
      root: join(dir, "upstream"),
      seed: "mirror-tests",
      totalBytes: 2 * 1024 * 1024,
      catalogs: options.catalogs ?? [{ dir: join(dir, "catalog"), reference: CATALOG }],
      images: options.images ?? (options.catalogs === undefined ? ["quay.isle.example/shared/toolbox:1.4"] : []),
      bundlesDir: options.bundlesDir ?? join(sample, "bundles"),
      ...(options.missing === undefined ? {} : { missing: options.missing }),
    }),
  );
  const mirror = await startRegistry({ root: join(dir, "mirror"), listen: "127.0.0.1:0" });
  parts.defer(() => mirror.close());
  const source = parts.use(await watchRegistry(upstream.host));
  const target = parts.use(await watchRegistry(mirror.host));
  const conf = join(dir, "registries.conf");
  await writeFile(conf, upstream.registriesConf.replaceAll(upstream.host, source.host));
  const run = (...args: readonly string[]): Promise<Captured> =>
    runInWorld([...args, "--registries-conf", conf, "--insecure"], { cwd: dir, env: {}, home: dir });
  let configs = 0;
  return {
    dir,
    upstream,
    source,
    mirror,
    target,
    run,
    async json(...args) {
      const { code, stdout, stderr } = await run(...args, "-o", "json", "-q");
      return { code, stderr, result: stdout === "" ? undefined : (JSON.parse(stdout) as Json) };
    },
    async config(text) {
      configs += 1;
      const path = join(dir, `set-${configs}.yaml`);
      await writeFile(path, text);
      return path;
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}
