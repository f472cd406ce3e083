import { spawn } from "node:child_process";
import { access, constants, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { buildRegistriesConf, mirrorEntriesOf } from "@skerry/cluster";
import { type ImageSetLock, type LockedImage, targetRepository } from "@skerry/mirror";
import { formatReference, parseReference } from "@skerry/oci";
import type { Job } from "../../command/job.ts";

/** Images that podman pulls at most: one of each source host, the smallest. */
const MAX_PULLS = 5;

/** A pull that takes longer says nothing about the mirror. */
const PULL_MS = 120_000;

/** What podman says when a registry does not give an image; everything else is about this machine. */
const NOT_SERVED =
  /manifest unknown|name unknown|initializing source|reading manifest|pinging container registry|blob unknown|unauthorized/i;

/** Nobody listens there: what does not lead to the mirror leads nowhere. */
const DEAD_PROXY = "http://127.0.0.1:9";

export interface PodmanOptions {
  /** Host of the mirror, the only one in reach. */
  readonly host: string;
  readonly resourcesDir: string;
  readonly authfile: string | undefined;
  readonly prefix: string;
  readonly maxNestedPaths: number;
  /** The mirror is reached without verified TLS. */
  readonly insecure: boolean;
}

/** An image that podman did not get. */
export interface PodmanFailure {
  readonly image: LockedImage;
  readonly message: string;
}

/**
 * Lets podman pull by source references through the written registries.conf, as CRI-O on a node would, into a storage of its own
 * that is removed. Without podman, or where it cannot work, nothing is said but in the log.
 */
export async function pullWithPodman(
  job: Pick<Job<unknown>, "world" | "log" | "signal">,
  lock: ImageSetLock,
  options: PodmanOptions,
): Promise<PodmanFailure[]> {
  const program = await findPodman(job.world.env["PATH"]);
  if (program === undefined) return [];
  const dir = await mkdtemp(join(tmpdir(), "skerry-podman-"));
  const conf = await confFor(lock, options, dir);
  const storage = ["--root", join(dir, "storage"), "--runroot", join(dir, "run"), "--storage-driver", "vfs"];
  const run = (...args: readonly string[]): Promise<Pulled> =>
    runPodman(job, program, {
      args: [...storage, ...args],
      env: { CONTAINERS_REGISTRIES_CONF: conf, ...onlyTo(options.host), TMPDIR: dir },
    });
  try {
    const failures: PodmanFailure[] = [];
    for (const image of sampleOf(lock)) {
      const auth = options.authfile === undefined ? [] : ["--authfile", options.authfile];
      const { ok, said } = await run("pull", "-q", ...auth, `docker://${nameForPodman(image.origin)}`);
      job.signal.throwIfAborted();
      if (ok) job.log.debug(`podman pulled ${image.origin}`);
      else if (NOT_SERVED.test(said)) failures.push({ image, message: said });
      else {
        job.log.info(`podman cannot pull here, so only skerry's own client did: ${said}`);
        break;
      }
    }
    return failures;
  } finally {
    await run("rmi", "--all", "--force");
    await rm(dir, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** The registries.conf that a run wrote; where a cluster takes other objects, the same rules in that form. */
async function confFor(lock: ImageSetLock, options: PodmanOptions, dir: string): Promise<string> {
  const names = await readdir(options.resourcesDir).catch((): string[] => []);
  const written = names.find((name) => name.endsWith(".conf"));
  if (written !== undefined) return join(options.resourcesDir, written);
  const { host, prefix, maxNestedPaths, insecure } = options;
  const images = lock.images.map((image) => {
    const repository = targetRepository(prefix, image.destination.repository, maxNestedPaths);
    return { ...image, destination: { ...image.destination, repository } };
  });
  const { entries } = mirrorEntriesOf(images, host);
  const insecureHosts = insecure ? [host] : [];
  const { text } = buildRegistriesConf({ imageSet: lock.imageSet.name, entries, scope: "repository", insecureHosts });
  const path = join(dir, "registries.conf");
  await writeFile(path, text);
  return path;
}

/** One image of each source host that this machine can run: the smallest. */
function sampleOf(lock: ImageSetLock): LockedImage[] {
  const own = `linux/${process.arch === "x64" ? "amd64" : process.arch}`;
  const byHost = new Map<string, LockedImage>();
  for (const image of lock.images) {
    if (image.kind === "catalog" || image.origin.startsWith("oci:")) continue;
    if (image.children.length > 0 && !image.children.some((child) => child.copied && child.platform === own)) continue;
    const host = image.origin.slice(0, image.origin.indexOf("/"));
    const known = byHost.get(host);
    if (known === undefined || image.totalBytes < known.totalBytes) byHost.set(host, image);
  }
  return [...byHost.values()].slice(0, MAX_PULLS);
}

/** podman takes a tag or a digest, never both; a node goes by the digest. */
function nameForPodman(origin: string): string {
  const { tag: _, ...reference } = parseReference(origin);
  return reference.digest === undefined ? origin : formatReference(reference);
}

function onlyTo(host: string): Record<string, string> {
  const name = host.replace(/:\d+$/, "");
  const proxies = ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"].map((key) => [key, DEAD_PROXY]);
  return { ...Object.fromEntries(proxies), NO_PROXY: `${host},${name}`, no_proxy: `${host},${name}` };
}

interface Pulled {
  readonly ok: boolean;
  /** The last line of what it said. */
  readonly said: string;
}

function runPodman(
  job: Pick<Job<unknown>, "world" | "signal">,
  program: string,
  how: { readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> },
): Promise<Pulled> {
  return new Promise((resolve) => {
    const child = spawn(program, how.args, {
      cwd: job.world.cwd,
      env: { ...job.world.env, ...how.env },
      stdio: ["ignore", "ignore", "pipe"],
      signal: job.signal,
      timeout: PULL_MS,
    });
    let text = "";
    child.stderr.on("data", (chunk: Buffer) => {
      text = (text + chunk.toString("utf8")).slice(-4096);
    });
    child.once("error", (error) => resolve({ ok: false, said: error.message }));
    child.once("close", (code) => resolve({ ok: code === 0, said: text.trim().split("\n").at(-1) ?? "" }));
  });
}

async function findPodman(path: string | undefined): Promise<string | undefined> {
  for (const folder of (path ?? "").split(delimiter)) {
    if (folder === "") continue;
    const file = join(folder, "podman");
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  return undefined;
}
