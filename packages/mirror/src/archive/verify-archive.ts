import { type ArchiveFinding, type CheckOptions, checkVolumes, type Digest } from "@skerry/oci";
import { MirrorError } from "../errors.ts";
import { type Affected, affectedBy, imagesBehind } from "./affected.ts";
import type { ArchiveInHand } from "./archive-in-hand.ts";

/** A finding with whom it concerns. */
export interface ArchiveFault extends Omit<ArchiveFinding, "digests" | "code">, Affected {
  readonly code: ArchiveFinding["code"] | "SIGNATURE_INVALID";
  readonly digests: readonly Digest[];
}

/** The answer of `skerry archive verify`. */
export interface ArchiveVerification {
  readonly target: string;
  readonly result: "ok" | "bad";
  readonly checked: { readonly volumes: number; readonly blobs: number; readonly bytes: number; readonly deep: boolean };
  /** Volumes that are not there or have another size. */
  readonly missing: readonly ArchiveFault[];
  /** Content and volumes that are not what they were. */
  readonly wrong: readonly ArchiveFault[];
  readonly extra: readonly never[];
}

/** Checks an archive and names the images and packages behind whatever is wrong. */
export async function verifyArchive(archive: ArchiveInHand, text: string, options: CheckOptions): Promise<ArchiveVerification> {
  const { reader } = archive;
  const findings = await checkVolumes(reader.dir, reader.contents, options);
  const digests = new Set(findings.flatMap((finding) => finding.digests));
  const concerned = await concernedBy(archive, digests);
  // Without the lock nothing can be imported: what took it with it concerns every image.
  const everything = { images: reader.contents.roots.map(({ name }) => name), packages: [] };
  const faults = findings.map((finding): ArchiveFault => {
    const isLock = archive.lock === undefined && finding.digests.length === 0;
    return { ...finding, ...(isLock ? everything : merged(finding.digests.map((digest) => concerned.get(digest)))) };
  });
  const isMissing = ({ code }: ArchiveFault): boolean => code === "VOLUME_MISSING" || code === "VOLUME_SIZE";
  return {
    target: text,
    result: faults.length === 0 ? "ok" : "bad",
    checked: {
      volumes: reader.contents.volumes.length,
      blobs: options.level === "blobs" ? reader.contents.blobs.length : 0,
      bytes: options.level === "sizes" ? 0 : reader.contents.volumes.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0),
      deep: options.level === "blobs",
    },
    missing: faults.filter(isMissing),
    wrong: faults.filter((fault) => !isMissing(fault)),
    extra: [],
  };
}

async function concernedBy({ reader, lock }: ArchiveInHand, digests: ReadonlySet<Digest>): Promise<ReadonlyMap<Digest, Affected>> {
  if (digests.size === 0) return new Map();
  return lock === undefined ? await imagesBehind(reader, digests) : await affectedBy(reader, lock, digests);
}

/** @throws MirrorError `ARCHIVE_INVALID` with a line for each fault, the content and the images it concerns named */
export function refuseDamage(found: ArchiveVerification): void {
  const faults = [...found.missing, ...found.wrong];
  if (faults.length === 0) return;
  throw new MirrorError({
    code: "ARCHIVE_INVALID",
    message: `Cannot import ${found.target}: ${faults[0]?.message ?? ""}`,
    subject: found.target,
    details: faults.map(faultText),
    hint: "Copy the volumes that are named again from the near side, and run the same command. Nothing was written to the target.",
  });
}

/** One fault in one line. */
export function faultText(fault: ArchiveFault): string {
  const digests = fault.digests.length === 0 ? "" : `; content ${some(fault.digests)}`;
  const images = fault.images.length === 0 ? "" : `; needed by ${some(fault.images)}`;
  return `${fault.code} ${fault.message}${digests}${images}${fault.packages.length === 0 ? "" : ` (${fault.packages.join(", ")})`}`;
}

function some(names: readonly string[]): string {
  return names.length <= 3 ? names.join(", ") : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`;
}

function merged(parts: readonly (Affected | undefined)[]): Affected {
  return {
    images: [...new Set(parts.flatMap((part) => part?.images ?? []))].sort(),
    packages: [...new Set(parts.flatMap((part) => part?.packages ?? []))].sort(),
  };
}
