import { type Digest, parseReference, type Reader } from "@skerry/oci";
import { folderSources, type RepairSource, type RepairSources } from "@skerry/registry";
import { type Job, pathOf } from "../../command/job.ts";
import { openMachineRegistries } from "../../registries/open.ts";

/** What the user wrote after `--repair-from`, with the folder as a whole path: another process may serve the root and read it. */
export function repairSourceText(job: Pick<Job<unknown>, "world">, text: string): string {
  return text.startsWith("docker://") ? text : pathOf(job, text.replace(/^(?:file:\/\/|oci:)/, ""));
}

/** `--repair-from SOURCE`: a folder with `blobs/`, or `docker://HOST[/PREFIX]`, a registry that holds the same repositories. */
export function repairSources(job: Pick<Job<unknown>, "world">): RepairSources {
  return async (text) => {
    const place = /^docker:\/\/([^/]+)(?:\/(.+))?$/.exec(text);
    if (place === null) return folderSources(text);
    const [, host = "", prefix] = place;
    const registries = await openMachineRegistries(job.world, /^(?:127\.|localhost|\[::1\])/.test(host) ? [host] : []);
    return repairFromRegistry(registries.reader(parseReference(`${host}/x`).registry), prefix);
  };
}

function repairFromRegistry(reader: Reader, prefix: string | undefined): RepairSource {
  return {
    async open({ digest, repositories, size }) {
      for (const name of repositories) {
        const at = { repository: prefix === undefined ? name : `${prefix}/${name}` };
        const found = await manifestBytes(reader, at, digest);
        if (found !== undefined) return found;
        // What no manifest names, nobody pulls: it stays where it is.
        if (size === undefined) continue;
        const blob = await firstChunk(reader.blob(at, { digest, mediaType: "application/octet-stream", size }).open(0));
        if (blob !== undefined) return blob;
      }
      return undefined;
    },
  };
}

async function manifestBytes(reader: Reader, at: { repository: string }, digest: Digest): Promise<AsyncIterable<Uint8Array> | undefined> {
  const facts = await reader.resolve(at, digest).catch(() => undefined);
  if (facts === undefined) return undefined;
  const { bytes } = await reader.manifest(at, facts);
  return (async function* () {
    yield bytes;
  })();
}

/** A body that has begun, or undefined when the other side does not have it. */
async function firstChunk(body: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array> | undefined> {
  const chunks = body[Symbol.asyncIterator]();
  try {
    const first = await chunks.next();
    return (async function* () {
      for (let next = first; next.done !== true; next = await chunks.next()) yield next.value;
    })();
  } catch {
    return undefined;
  }
}
