import { readFile } from "node:fs/promises";
import { isSignedBy } from "@skerry/mirror";
import { UsageError } from "../../args/errors.ts";
import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { escapeLine } from "../../output/escape.ts";
import { readInput } from "../archive/near-side.ts";
import { requiredLock } from "../mirror/image-set.ts";
import { lockFileOf } from "./lock-file.ts";
import type { LockKeyFlags } from "./sign.ts";

/** Checks the signature of a lock; one that is missing is as wrong as another key's. */
export async function run(job: Job<LockKeyFlags>): Promise<number> {
  const file = lockFileOf(job);
  const { key } = job.flags;
  if (key === undefined) throw new UsageError("a lock is checked against a key", { hint: "Name a public key with --key FILE." });
  const pem = await readInput(job, key);
  await requiredLock(job, file);
  const signature = await readFile(`${file}.sig`, "utf8").catch(() => undefined);
  const isRight = signature !== undefined && isSignedBy(await readFile(file), signature, [{ pem, path: key }]);
  const why = signature === undefined ? `there is no ${file}.sig` : "another key made the signature, or the lock was changed";
  await job.out.result(
    { kind: "LockVerification", file, result: isRight ? "ok" : "bad", ...(isRight ? {} : { message: why }) },
    { text: () => `${isRight ? "ok" : "bad"}: ${escapeLine(file)}${isRight ? "" : `: ${escapeLine(why)}`}\n`, names: () => [file] },
  );
  return isRight ? EXIT.done : EXIT.wrong;
}
