import { signFile, signingKey } from "@skerry/mirror";
import { UsageError } from "../../args/errors.ts";
import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { escapeLine } from "../../output/escape.ts";
import { readInput } from "../archive/near-side.ts";
import { requiredLock } from "../mirror/image-set.ts";
import { lockFileOf } from "./lock-file.ts";
import type { LockKeyFlags } from "./sign.ts";

/** Signs a lock that can be read as one. */
export async function run(job: Job<LockKeyFlags>): Promise<number> {
  const file = lockFileOf(job);
  const { key } = job.flags;
  if (key === undefined) throw new UsageError("a lock is signed with a key", { hint: "Name a private key with --key FILE." });
  const signer = signingKey(await readInput(job, key), key);
  await requiredLock(job, file);
  const signature = await signFile(file, signer);
  const { keyId, algorithm } = signer.signature;
  await job.out.result(
    { kind: "LockSignature", file, signature, keyId, algorithm },
    { text: () => `Signed ${escapeLine(file)}: ${escapeLine(signature)} (${algorithm}, key ${keyId})\n`, names: () => [signature] },
  );
  return EXIT.done;
}
