import { basename, dirname } from "node:path";
import { decideServing, isAtLeast, NEWEST_KNOWN_VERSION, parseClusterVersion } from "@skerry/cluster";
import {
  checkLocalPaths,
  type ImageSetConfig,
  type ImageSetLock,
  type LockSource,
  type PlanOptions,
  parseImageSetConfig,
  parseLock,
  parseWaiver,
  readLockFile,
} from "@skerry/mirror";
import { formatPlatform } from "@skerry/oci";
import { isUsageError, UsageError } from "../../args/errors.ts";
import { didYouMean } from "../../args/nearest.ts";
import { readInstalled } from "../../catalogs/read-installed.ts";
import { type ContentFlags, platformChoice } from "../../command/content-flags.ts";
import { type Job, pathOf } from "../../command/job.ts";
import { readTextInput } from "../../places/text-input.ts";
import type { SetFlags } from "./set-flags.ts";

/** Where the lock of a run comes from, and what else the configuration says. */
export interface ImageSet {
  readonly name: string;
  readonly source: LockSource;
  readonly config: ImageSetConfig | undefined;
  /** Folder that relative paths of the configuration start from. */
  readonly baseDir: string;
}

/**
 * Reads the configuration or the lock that a command names. Nothing is contacted.
 * @throws UsageError without both; ConfigError with every fault of the file; MirrorError `LOCK_INVALID`
 */
export async function readImageSet(job: Job<SetFlags & ContentFlags>): Promise<ImageSet> {
  const { flags } = job;
  if (flags.lock !== undefined) return await fromLock(job, flags.lock);
  if (flags.config === undefined) {
    throw new UsageError("no image set configuration was given", { hint: "Name it with --config FILE, or a lock with --lock FILE." });
  }
  const path = pathOf(job, flags.config);
  const config = await readConfig(job, flags.config);
  const baseDir = dirname(path);
  await checkLocalPaths(config, baseDir);
  checkCatalogNames(
    job,
    config.operators.map((entry) => entry.catalog),
  );
  const name = flags.name ?? config.skerry.name ?? stem(path);
  const options = await planOptions(job, config, name);
  return { name, config, source: { from: flags.locked ? "locked" : "plan", options }, baseDir };
}

/** Reads and checks a configuration file, or stdin for `-`. */
export async function readConfig(job: Pick<Job<unknown>, "world">, file: string): Promise<ImageSetConfig> {
  return parseImageSetConfig(await readConfigText(job, file), { path: file === "-" ? "stdin" : file });
}

/** The text of a configuration file, or of stdin for `-`. */
export async function readConfigText(job: Pick<Job<unknown>, "world">, file: string): Promise<string> {
  return await readTextInput(job, file === "-" ? file : pathOf(job, file)).catch((error: unknown) => {
    if (!isUsageError(error)) throw error;
    throw new UsageError(`cannot read configuration ${file}`, {
      subject: file,
      cause: error.cause ?? error,
      hint: "Check the path; 'skerry init' writes one to begin with.",
    });
  });
}

/** Version of the cluster that resources are for. */
export function clusterVersion(flags: Pick<SetFlags, "cluster-version">, config: ImageSetConfig | undefined): string {
  return flags["cluster-version"] ?? config?.skerry.clusterVersion ?? NEWEST_KNOWN_VERSION;
}

async function fromLock(job: Job<SetFlags & ContentFlags>, file: string): Promise<ImageSet> {
  const { flags } = job;
  if (flags.locked)
    throw new UsageError("--lock and --locked exclude each other", {
      hint: "--lock uses a lock as it is; --locked checks the workspace's lock against the configuration.",
    });
  const lock = await requiredLock(job, file);
  checkCatalogNames(
    job,
    lock.catalogs.map((entry) => entry.catalog),
  );
  const config = flags.config === undefined ? undefined : await readConfig(job, flags.config);
  return {
    name: flags.name ?? lock.imageSet.name,
    config,
    source: { from: "lock", lock },
    baseDir: flags.config === undefined ? job.world.cwd : dirname(pathOf(job, flags.config)),
  };
}

/** Refuses a name for a catalog that is not in the set: nothing would come of it. */
function checkCatalogNames(job: Job<Pick<SetFlags, "catalog-source-name">>, catalogs: readonly string[]): void {
  for (const [source] of job.flags["catalog-source-name"]) {
    if (catalogs.includes(source)) continue;
    throw new UsageError(`--catalog-source-name: the image set has no catalog ${source}`, {
      subject: source,
      hint: didYouMean(source, catalogs) ?? (catalogs.length === 0 ? "Leave it out." : `Its catalogs: ${catalogs.join(", ")}.`),
    });
  }
}

/** A lock from a file that has to be there, or from stdin for `-`. */
export async function requiredLock(job: Pick<Job<unknown>, "world">, file: string): Promise<ImageSetLock> {
  if (file === "-") return parseLock(await readTextInput(job, file), "stdin");
  const lock = await readLockFile(pathOf(job, file));
  if (lock !== undefined) return lock;
  throw new UsageError(`cannot read lock ${file}: there is no such file`, {
    subject: file,
    hint: "'skerry plan' writes imageset.lock into its workspace.",
  });
}

async function planOptions(job: Job<SetFlags & ContentFlags>, config: ImageSetConfig, name: string): Promise<PlanOptions> {
  const { flags } = job;
  const { wanted } = platformChoice(flags);
  const waivers = [...flags.waive, ...config.skerry.waive.map(parseWaiver)];
  return {
    config,
    name,
    naming: { layout: flags["dest-layout"] ?? config.skerry.destLayout ?? "path", digestTag: flags["digest-tag"], maxNestedPaths: 0 },
    platforms: wanted.map(formatPlatform),
    referrers: flags.referrers,
    externalLayers: flags["external-layers"],
    catalogMode: catalogMode(job, config),
    waivers,
    recheck: flags.recheck,
    installed: await readInstalled(job, [...job.flags.installed, ...config.skerry.installed]),
    environmentImages: flags["env-images"],
    deps: flags.deps,
  };
}

/**
 * How catalog images are made for the cluster. What no pod could serve is refused: by the flags and the configuration before
 * anything is read, by what an image turns out to hold before any image is resolved.
 */
function catalogMode(job: Job<SetFlags>, config: ImageSetConfig): PlanOptions["catalogMode"] {
  const wanted = job.flags["catalog-serving"];
  const profile = { flavour: "openshift" as const, version: clusterVersion(job.flags, config) };
  const readsFiles = isAtLeast(parseClusterVersion(profile.version), "4.11");
  const warned = new Set<string>();
  const decide: PlanOptions["catalogMode"] = ({ hasServer, format }) => {
    const asDatabase = format === "sqlite" && !readsFiles;
    // A server for databases is none for the files that a newer cluster is given.
    const decision = decideServing({
      profile,
      wanted,
      ...(asDatabase ? { hasServer: true, format } : { hasServer: hasServer && format === "fbc" }),
    });
    if (decision.warning !== undefined && !warned.has(decision.warning)) job.log.warn(decision.warning);
    warned.add(decision.warning ?? "");
    if (asDatabase) return "database";
    return decision.serving === "extract" ? "scratch" : "over-source";
  };
  const onDisk = config.operators.some(({ source }) => source.kind === "path");
  if (onDisk) decide({ hasServer: false, format: "fbc" });
  if (config.operators.some(({ source }) => source.kind !== "path")) {
    // Nothing but a database can be served before 4.11; whether the image holds one is not known yet.
    decide({ hasServer: true, format: readsFiles ? "fbc" : "sqlite" });
  }
  return decide;
}

/** `imageset` of `/srv/imageset.yaml`, in the letters that names of resources may have. */
function stem(path: string): string {
  const name = basename(path)
    .replace(/\.[^.]+$/, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, 40)
    .replace(/-+$/, "");
  return name === "" ? "imageset" : name;
}
