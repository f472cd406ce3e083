import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { nodeFilesOf, type PullCandidate, readNodeRules, resolveAsNode } from "@skerry/cluster";
import type { ImageSetLock, LockedImage, VerifyReport } from "@skerry/mirror";
import { isOciError, type Reader } from "@skerry/oci";
import { UsageError } from "../../args/errors.ts";

export interface AsNodeOptions {
  /** Host of the mirror: the only one that a node is taken to reach. */
  readonly host: string;
  /** Folder with the resources that a cluster would be given. */
  readonly resourcesDir: string;
  readonly signal: AbortSignal;
}

/**
 * Pulls every image of a lock as a node would: its SOURCE reference through the written mirror rules, with every host but the
 * mirror's out of reach. Sources are not asked, by construction: only the mirror's store is at hand. Catalogs are left out:
 * the cluster names them at the mirror itself.
 * @throws UsageError when no rules were written; ClusterError, OciError for rules that cannot be read
 */
export async function verifyAsNode(lock: ImageSetLock, store: Reader, options: AsNodeOptions): Promise<VerifyReport["missing"]> {
  const rules = readNodeRules(nodeFilesOf(await resourceFiles(options.resourcesDir)));
  const missing: VerifyReport["missing"][number][] = [];
  for (const image of lock.images) {
    if (image.kind === "catalog" || image.origin.startsWith("oci:")) continue;
    const reachable = resolveAsNode(image.origin, rules).filter(({ host, blocked }) => host === options.host && !blocked);
    const why = await pull(image, { reachable, store, signal: options.signal });
    if (why !== undefined) missing.push(notPulled(image, reachable[0], why));
  }
  return missing;
}

/** Undefined when one of the places gives the image; else what a node would say. */
async function pull(
  image: LockedImage,
  how: { readonly reachable: readonly PullCandidate[]; readonly store: Reader; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const { reachable, store, signal } = how;
  if (reachable.length === 0) return "no mirror rule leads to the mirror";
  const tried: string[] = [];
  for (const { repository, name, reference } of reachable) {
    const place = { repository };
    const found = await store.resolve(place, name, { signal });
    if (found?.digest === image.digest) {
      try {
        await store.manifest(place, found, { signal });
        return undefined;
      } catch (error) {
        if (!isOciError(error) || error.code === "ABORTED") throw error;
        tried.push(`${reference}: ${error.message}`);
        continue;
      }
    }
    tried.push(found === undefined ? `${reference} is not there` : `${reference} is ${found.digest}`);
  }
  return tried.join("; ");
}

/** An image that a node does not get, as a row of a report. */
export function notPulled(image: LockedImage, tried: PullCandidate | undefined, why: string): VerifyReport["missing"][number] {
  const packages = image.reasons.flatMap((reason) => (reason.package === undefined ? [] : [reason.package]));
  return {
    repository: tried?.repository ?? image.destination.repository,
    digest: image.digest,
    what: "manifest",
    message: `A node that pulls ${image.origin} does not get it: ${why}`,
    images: [image.origin],
    packages: [...new Set(packages)].sort(),
  };
}

async function resourceFiles(dir: string): Promise<{ readonly name: string; readonly text: string }[]> {
  const names = await readdir(dir).catch((cause: unknown) => {
    throw new UsageError(`cannot read cluster resources in ${dir}`, {
      subject: dir,
      cause,
      hint: "'skerry mirror' writes them; name its folder with --workspace DIR.",
    });
  });
  return await Promise.all(names.sort().map(async (name) => ({ name, text: await readFile(join(dir, name), "utf8") })));
}
