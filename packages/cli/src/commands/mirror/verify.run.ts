import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  fetchLock,
  type ImageSetLock,
  lockRepository,
  mergeVerifyReports,
  storedLocks,
  type VerifyCatalogsOptions,
  type VerifyReport,
  verifyCatalogs,
  verifyLock,
} from "@skerry/mirror";
import type { Reader, Registries } from "@skerry/oci";
import { formatSize } from "../../args/size.ts";
import { type Job, pathOf } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { escapeLine, escapeText } from "../../output/escape.ts";
import { openRegistries } from "../../registries/open.ts";
import { notPulled, verifyAsNode } from "./as-node.ts";
import { requiredLock } from "./image-set.ts";
import { junitText } from "./junit.ts";
import { pullWithPodman } from "./podman.ts";
import { isInsecure, registryTarget } from "./session.ts";
import type { VerifyFlags } from "./verify.ts";
import { workspaceDir } from "./workspace-dir.ts";

/** Checks a target against a lock, or against every lock that it holds. */
export async function run(job: Job<VerifyFlags>): Promise<number> {
  const text = job.args[0] ?? "";
  const { host, prefix } = registryTarget(text);
  await using registries = await openRegistries(job, { sources: [], destinations: [host] });
  const at: VerifiedTarget = { text, host, prefix, store: registries.writer(host) };
  const reports: VerifyReport[] = [];
  const imageSets: string[] = [];
  for await (const lock of locksOf(job, at)) {
    imageSets.push(lock.imageSet.name);
    reports.push(await verifyOne(job, lock, at));
  }
  const [only] = reports;
  const report = reports.length === 1 && only !== undefined ? only : mergeVerifyReports(text, reports);
  job.progress.stop();
  if (job.flags.output === "junit") {
    await job.world.stdout.write(escapeText(junitText(report)));
    return report.result === "ok" ? EXIT.done : EXIT.wrong;
  }
  await job.out.result(
    { kind: "VerifyReport", ...report, imageSets },
    { text: () => verifyText(report), names: () => report.missing.map((row) => row.digest) },
  );
  return report.result === "ok" ? EXIT.done : EXIT.wrong;
}

/** What a node would not get: by our own client for every image, by podman, where it is there, for one of each source host. */
async function nodeFindings(
  job: Job<VerifyFlags>,
  lock: ImageSetLock,
  how: { readonly store: Reader; readonly host: string; readonly prefix: string; readonly resourcesDir: string },
): Promise<VerifyReport["missing"]> {
  const { store, host, prefix, resourcesDir } = how;
  const own = await verifyAsNode(lock, store, { host, resourcesDir, signal: job.signal });
  const { authfile } = job.flags;
  const failures = await pullWithPodman(job, lock, {
    host,
    prefix,
    maxNestedPaths: job.flags["max-nested-paths"],
    insecure: isInsecure(job, host),
    resourcesDir,
    authfile: authfile === undefined ? undefined : pathOf(job, authfile),
  });
  const known = new Set(own.map(({ digest }) => digest));
  return [
    ...own,
    ...failures
      .filter(({ image }) => !known.has(image.digest))
      .map(({ image, message }) => notPulled(image, undefined, `podman says: ${message}`)),
  ];
}

interface VerifiedTarget {
  /** As written. */
  readonly text: string;
  readonly host: string;
  readonly prefix: string;
  readonly store: ReturnType<Registries["writer"]>;
}

/** The lock that is named, else every lock that the target holds. What a node can pull is asked of one set alone. */
async function* locksOf(job: Job<VerifyFlags>, { prefix, store }: VerifiedTarget): AsyncGenerator<ImageSetLock> {
  const { flags, signal } = job;
  if (flags.lock !== undefined) {
    yield await requiredLock(job, flags.lock);
    return;
  }
  const repository = lockRepository(prefix, flags["max-nested-paths"]);
  const names = flags.name === undefined && !flags["as-node"] ? await storedLocks(store, { repository, signal }) : [];
  if (names.length < 2) yield await fetchLock(store, { repository, name: flags.name ?? names[0], signal });
  else {
    job.log.info(`Checking against ${names.length} locks that the target holds: ${names.join(", ")}`);
    for (const name of names) yield await fetchLock(store, { repository, name, signal });
  }
}

async function verifyOne(job: Job<VerifyFlags>, lock: ImageSetLock, at: VerifiedTarget): Promise<VerifyReport> {
  const { flags, signal } = job;
  const { prefix, store, host } = at;
  const maxNestedPaths = flags["max-nested-paths"];
  const images = await verifyLock(lock, store, { target: at.text, prefix, maxNestedPaths, deep: flags.deep, signal });
  const ofCatalogs = await catalogFindings(lock, store, { prefix, maxNestedPaths, signal });
  const resourcesDir = join(workspaceDir(job, flags.name ?? lock.imageSet.name), "cluster-resources");
  const ofNodes = flags["as-node"] ? await nodeFindings(job, lock, { store, host, prefix, resourcesDir }) : [];
  return withMissing(images, [...ofCatalogs, ...ofNodes]);
}

/** What the catalogs at the target name and the lock does not have. */
async function catalogFindings(
  lock: ImageSetLock,
  store: Reader,
  options: Omit<VerifyCatalogsOptions, "temporaryDir">,
): Promise<VerifyReport["missing"]> {
  const temporaryDir = await mkdtemp(join(tmpdir(), "skerry-verify-"));
  try {
    return await verifyCatalogs(lock, store, { ...options, temporaryDir });
  } finally {
    await rm(temporaryDir, { recursive: true, force: true });
  }
}

function withMissing(report: VerifyReport, further: VerifyReport["missing"]): VerifyReport {
  return further.length === 0 ? report : { ...report, result: "bad", missing: [...report.missing, ...further] };
}

function verifyText(report: VerifyReport): string {
  const { checked } = report;
  const looked = `${checked.roots} images, ${checked.manifests} manifests, ${checked.blobs} blobs${checked.deep ? `, ${formatSize(checked.bytes)} hashed` : ""}`;
  const rows = [
    ...report.missing.map((row) => `  MISSING ${escapeLine(row.message)}${concerned(row)}\n`),
    ...report.wrong.map(
      (row) =>
        `  WRONG   ${escapeLine(row.repository)}: expected ${escapeLine(row.expected)}, found ${escapeLine(row.found)}${concerned(row)}\n`,
    ),
  ];
  const next = report.result === "ok" ? "" : "Next: run 'skerry mirror' again with --recheck; it brings what is missing.\n";
  return `${report.result}: ${looked}; ${report.missing.length} missing, ${report.wrong.length} wrong\n${rows.join("")}${next}`;
}

function concerned(row: { readonly images: readonly string[]; readonly packages: readonly string[] }): string {
  const images = row.images.slice(0, 3).map(escapeLine).join(", ");
  const more = row.images.length > 3 ? ` and ${row.images.length - 3} more` : "";
  return `\n          needed by ${images}${more}${row.packages.length === 0 ? "" : ` (${row.packages.map(escapeLine).join(", ")})`}`;
}
