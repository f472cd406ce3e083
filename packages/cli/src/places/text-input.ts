import { readFile } from "node:fs/promises";
import { UsageError } from "../args/errors.ts";
import type { Job } from "../command/job.ts";

const MAX_BYTES = 64 * 1024 * 1024;

/**
 * The text of a file, or of stdin for `-`.
 * @throws UsageError when it cannot be read, is larger than 64 MiB or no UTF-8
 */
export async function readTextInput(job: Pick<Job<unknown>, "world">, path: string): Promise<string> {
  const bytes = path === "-" ? await readStdin(job) : await fileBytes(path);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new UsageError(`cannot read ${shown(path)}: it is not UTF-8 text`, { subject: path, cause });
  }
}

async function fileBytes(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new UsageError(`cannot read ${path}`, { subject: path, cause });
  });
  if (bytes.byteLength > MAX_BYTES) throw tooLarge(path);
  return bytes;
}

async function readStdin(job: Pick<Job<unknown>, "world">): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of job.world.stdin.chunks()) {
    size += chunk.byteLength;
    if (size > MAX_BYTES) throw tooLarge("-");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(path: string): UsageError {
  return new UsageError(`cannot read ${shown(path)}: it is larger than 64 MiB`, { subject: path });
}

function shown(path: string): string {
  return path === "-" ? "stdin" : path;
}
