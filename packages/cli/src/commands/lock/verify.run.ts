import { readFile } from "node:fs/promises";
import { isSignedBy, readTextFile } from "@skerry/mirror";
import { UsageError } from "../../args/errors.ts";
import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { escapeLine } from "../../output/escape.ts";
import { readInput } from "../archive/near-side.ts";
import { requiredLock } from "../mirror/image-set.ts";
import { lockFile } from "./lock-file.ts";
import type { LockKeyFlags } from "./sign.ts";

/** Checks the detached signature beside a lock; a wrong or missing one is the result, with exit code 5. */
export async function run(job: Job<LockKeyFlags>): Promise<number> {
  const { key: path } = job.flags;
  if (path === undefined) throw new UsageError("no key was given", { hint: "Name the public key with --key FILE." });
  const file = lockFile(job);
  const pem = await readInput(job, path);
  await requiredLock(job, file);
  const signature = await readTextFile(`${file}.sig`);
  const why =
    signature === undefined
      ? `there is no signature (${file}.sig)`
      : isSignedBy(await readFile(file), signature, [{ pem, path }])
        ? undefined
        : "the signature was made by another key, or the lock was changed";
  const valid = why === undefined;
  await job.out.result(
    { kind: "LockVerification", file, valid, ...(why === undefined ? {} : { message: why }) },
    {
      text: () => escapeLine(valid ? `ok: ${file} is signed by ${path}` : `bad: ${file}: ${why}`).concat("\n"),
      names: () => (valid ? [] : [file]),
    },
  );
  return valid ? EXIT.done : EXIT.wrong;
}
