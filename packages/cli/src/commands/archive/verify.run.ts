import { type ArchiveFault, type ArchiveVerification, checkSignature, faultText, takeArchive, verifyArchive } from "@skerry/mirror";
import { readContents } from "@skerry/oci";
import { formatSize } from "../../args/size.ts";
import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { escapeLine } from "../../output/escape.ts";
import { archiveDir } from "./archive-place.ts";
import { readInput } from "./near-side.ts";
import type { VerifyArchiveFlags } from "./verify.ts";

/** Checks an archive; whatever is wrong with it is the result, with exit code 5. */
export async function run(job: Job<VerifyArchiveFlags>): Promise<number> {
  const text = job.args[0] ?? "";
  const dir = archiveDir(job, text);
  const keys = await Promise.all(job.flags["trust-key"].map(async (path) => ({ path, pem: await readInput(job, path) })));
  const { next, ...found } = await verified(job, { dir, text, keys });
  job.progress.stop();
  const faults = [...found.missing, ...found.wrong];
  await job.out.result(
    { kind: "VerifyReport", ...found },
    { text: () => verifyText(found, { faults, next }), names: () => faults.flatMap(({ digests, volume }) => [volume, ...digests]) },
  );
  return found.result === "ok" ? EXIT.done : EXIT.wrong;
}

/** What was found, and what to do where it is not the usual. */
type Verified = ArchiveVerification & { readonly next?: string };

async function verified(
  job: Job<VerifyArchiveFlags>,
  what: { readonly dir: string; readonly text: string; readonly keys: Parameters<typeof checkSignature>[2] },
): Promise<Verified> {
  const { dir, text, keys } = what;
  try {
    const { bytes } = await readContents(dir);
    await checkSignature(dir, bytes, keys);
    return await verifyArchive(await takeArchive(dir), text, { level: job.flags.quick ? "sizes" : "blobs", signal: job.signal });
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || !DAMAGE.has(String(error.code))) throw error;
    // What cannot be opened at all is as wrong as an archive can be.
    const code = error.code === "SIGNATURE_INVALID" ? error.code : "TAR_WRONG";
    const fault: ArchiveFault = { code, volume: "", message: error.message, digests: [], images: [], packages: [] };
    const checked = { volumes: 0, blobs: 0, bytes: 0, deep: !job.flags.quick };
    const hint = "hint" in error && typeof error.hint === "string" ? error.hint : undefined;
    const next = code === "SIGNATURE_INVALID" ? "ask for the archive anew, or for the key it was signed with." : hint;
    return { target: text, result: "bad", checked, missing: [], wrong: [fault], extra: [], ...(next === undefined ? {} : { next }) };
  }
}

const DAMAGE: ReadonlySet<string> = new Set([
  "ARCHIVE_INVALID",
  "LAYOUT_INVALID",
  "LOCK_INVALID",
  "NOT_FOUND",
  "SIGNATURE_INVALID",
  "DIGEST_MISMATCH",
]);

function verifyText(
  { checked, result }: ArchiveVerification,
  { faults, next }: { readonly faults: readonly ArchiveFault[]; readonly next: string | undefined },
): string {
  const looked = `${count(checked.volumes, "volume")}, ${count(checked.blobs, "blob")}, ${formatSize(checked.bytes)} hashed`;
  const rows = faults.map((fault) => `  ${escapeLine(faultText(fault))}\n`).join("");
  const usual = "copy the named volumes again, or 'skerry archive repair' to see what is left.";
  const nextLine = faults.length === 0 ? "" : `Next: ${escapeLine(next ?? usual)}\n`;
  return `${result}: ${looked}; ${count(faults.length, "fault")}\n${rows}${nextLine}`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
