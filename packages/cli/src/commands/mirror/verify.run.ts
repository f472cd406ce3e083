import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  fetchLock,
  type ImageSetLock,
  lockRepository,
  type VerifyCatalogsOptions,
  type VerifyReport,
  verifyCatalogs,
  verifyLock,
} from "@skerry/mirror";
import type { Reader } from "@skerry/oci";
import { formatSize } from "../../args/size.ts";
import { type Job, pathOf } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { escapeLine, escapeText } from "../../output/escape.ts";
import { openRegistries } from "../../registries/open.ts";
import { notPulled, verifyAsNode } from "./as-node.ts";
import { requiredLock, workspaceDir } from "./image-set.ts";
import { junitText } from "./junit.ts";
import { pullWithPodman } from "./podman.ts";
import { isInsecure, registryTarget } from "./session.ts";
import type { VerifyFlags } from "./verify.ts";

/** Checks a target against a lock. */
export async function run(job: Job<VerifyFlags>): Promise<number> {
  const text = job.args[0] ?? "";
  const { host, prefix } = registryTarget(text);
  const { flags, signal } = job;
  await using registries = await openRegistries(job, { sources: [], destinations: [host] });
  const store = registries.writer(host);
  const maxNestedPaths = flags["max-nested-paths"];
  const lock =
    flags.lock === undefined
      ? await fetchLock(store, { repository: lockRepository(prefix, maxNestedPaths), name: flags.name, signal })
      : await requiredLock(job, flags.lock);
  const images = await verifyLock(lock, store, { target: text, prefix, maxNestedPaths, deep: flags.deep, signal });
  const ofCatalogs = await catalogFindings(lock, store, { prefix, maxNestedPaths, signal });
  const resourcesDir = join(workspaceDir(job, flags.name ?? lock.imageSet.name), "cluster-resources");
  const ofNodes = flags["as-node"] ? await nodeFindings(job, lock, { store, host, prefix, resourcesDir }) : [];
  const report = withMissing(images, [...ofCatalogs, ...ofNodes]);
  job.progress.stop();
  if (flags.output === "junit") {
    await job.world.stdout.write(escapeText(junitText(report)));
    return report.result === "ok" ? EXIT.done : EXIT.wrong;
  }
  await job.out.result(
    { kind: "VerifyReport", ...report },
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
