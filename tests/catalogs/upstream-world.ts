import { writeFile } from "node:fs/promises";
import { type RunningRegistry, startRegistry } from "@skerry/registry";
import { type RunningUpstream, type ServeUpstreamOptions, serveUpstream } from "@skerry-tools/upstream";
import type { Ended } from "../support/program.ts";
import { runSkerry } from "../support/skerry.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** A made upstream, an empty registry to mirror into, and `skerry` as a program of its own between them. */
export interface UpstreamWorld extends AsyncDisposable {
  readonly folder: string;
  readonly upstream: RunningUpstream;
  readonly mirror: RunningRegistry;
  /** `docker://HOST/ocp`. */
  readonly target: string;
  /** Folder of the workspace that every run uses. */
  readonly workspace: string;
  /** `mirror` or `plan` with the configuration, registries.conf and target. */
  run(word: "plan" | "mirror", ...flags: readonly string[]): Promise<Ended>;
  verify(...flags: readonly string[]): Promise<Ended>;
}

/** Makes the world; `config` is the image set configuration. */
export async function upstreamWorld(options: Omit<ServeUpstreamOptions, "root">, config: string): Promise<UpstreamWorld> {
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(await tempFolder());
  const upstream = parts.use(await serveUpstream({ ...options, root: folder.join("upstream") }));
  const mirror = parts.use(await startRegistry({ root: folder.join("mirror") }));
  await writeFile(folder.join("imageset.yaml"), config);
  const target = `docker://${mirror.host}/ocp`;
  const workspace = folder.join("workspace");
  const env = {
    NO_PROXY: "127.0.0.1",
    HOME: folder.path,
    XDG_RUNTIME_DIR: folder.path,
    DOCKER_CONFIG: undefined,
    REGISTRY_AUTH_FILE: undefined,
  };
  const held = parts.move();
  return {
    folder: folder.path,
    upstream,
    mirror,
    target,
    workspace,
    run: (word, ...flags) =>
      runSkerry(
        [
          word,
          ...["-c", folder.join("imageset.yaml"), "--workspace", workspace, "--registries-conf", upstream.registriesConfPath],
          ...["--insecure", ...flags, target],
        ],
        { env, cwd: folder.path },
      ),
    verify: (...flags) =>
      runSkerry(["verify", "--lock", `${workspace}/imageset.lock`, "--insecure", ...flags, target], { env, cwd: folder.path }),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}
