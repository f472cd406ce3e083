import { signFile, signingKey } from "@skerry/mirror";
import { UsageError } from "../../args/errors.ts";
import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { readInput } from "../archive/near-side.ts";
import { requiredLock } from "../mirror/image-set.ts";
import { lockFile } from "./lock-file.ts";
import type { LockKeyFlags } from "./sign.ts";

/** Signs a lock that can be read as one. */
export async function run(job: Job<LockKeyFlags>): Promise<number> {
  const { key: path } = job.flags;
  if (path === undefined) throw new UsageError("no key was given", { hint: "Name the private key with --key FILE." });
  const file = lockFile(job);
  await requiredLock(job, file);
  const key = signingKey(await readInput(job, path), path);
  const signature = await signFile(file, key);
  const { algorithm, keyId } = key.signature;
  await job.out.result(
    { kind: "LockSignature", file, signature, algorithm, keyId },
    { text: () => `Wrote ${signature} (${algorithm}, key ${keyId})\n`, names: () => [signature] },
  );
  return EXIT.done;
}
