import { fetchLock, type ImageSetLock, lockRepository, storedLocks, takeHaveList } from "@skerry/mirror";
import { isOciError, type Registries } from "@skerry/oci";
import { formatSize } from "../../args/size.ts";
import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { escapeLine } from "../../output/escape.ts";
import { openRegistries } from "../../registries/open.ts";
import { requiredLock } from "../mirror/image-set.ts";
import { registryTarget } from "../mirror/session.ts";
import type { HaveFlags } from "./have.ts";
import { readInput } from "./near-side.ts";

/** Looks what a mirror holds. */
export async function run(job: Job<HaveFlags>): Promise<number> {
  const text = job.args[0] ?? "";
  const { host, prefix } = registryTarget(text);
  const { flags, signal } = job;
  await using registries = await openRegistries(job, { sources: [], destinations: [host] });
  const store = registries.writer(host);
  const repositories = flags.repositories === undefined ? undefined : lines(await readInput(job, flags.repositories));
  const list = await takeHaveList(store, {
    target: text,
    prefix,
    maxNestedPaths: flags["max-nested-paths"],
    locks: await locksOf(job, store, prefix),
    ...(repositories === undefined ? {} : { repositories }),
    takenAt: job.world.now(),
    signal,
  });
  job.progress.stop();
  const { apiVersion: _, ...document } = list;
  const manifests = list.repositories.reduce((sum, row) => sum + row.manifests.length, 0);
  await job.out.result(document, {
    text: () =>
      `${list.repositories.length} repositories, ${manifests} manifests, ${formatSize(list.blobsBytes)} of blobs\n${list.repositories.map(({ name, manifests: held }) => `${escapeLine(name)} ${held.length}\n`).join("")}`,
    names: () => list.repositories.map(({ name }) => name),
  });
  return EXIT.done;
}

async function locksOf(job: Job<HaveFlags>, store: ReturnType<Registries["writer"]>, prefix: string): Promise<ImageSetLock[]> {
  const { flags, signal } = job;
  if (flags.lock.length > 0) return await Promise.all(flags.lock.map((file) => requiredLock(job, file)));
  const repository = lockRepository(prefix, flags["max-nested-paths"]);
  try {
    const names = await storedLocks(store, { repository, signal });
    return await Promise.all(names.map((name) => fetchLock(store, { repository, name, signal })));
  } catch (error) {
    if (isOciError(error) && error.code !== "ABORTED") return [];
    throw error;
  }
}

function lines(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}
