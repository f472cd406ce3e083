import type { ImageSetConfig } from "@skerry/mirror";
import { DEFAULT_VOLUME_BYTES, MIN_VOLUME_BYTES } from "@skerry/oci";
import { UsageError } from "../../args/errors.ts";
import { formatSize } from "../../args/size.ts";
import type { ToArchiveFlags } from "./archive-flags.ts";

/** Bytes that a volume may have: `--volume-size`, else `archiveSize` of the configuration, else just under 4 GiB for FAT32. */
export function volumeBytesOf(flags: Partial<Pick<ToArchiveFlags, "volume-size">>, config: ImageSetConfig | undefined): number {
  return flags["volume-size"] ?? config?.archiveSizeBytes ?? DEFAULT_VOLUME_BYTES;
}

/** Refuses volumes smaller than any can be: a bare number is bytes. @throws UsageError */
export function checkVolumeSize(bytes: number | undefined): void {
  if (bytes === undefined || bytes >= MIN_VOLUME_BYTES) return;
  throw new UsageError(`cannot cut volumes of ${formatSize(bytes)}: the least is ${formatSize(MIN_VOLUME_BYTES)}`, {
    subject: "--volume-size",
    hint: "Write a unit, as in 650MiB or 4GiB.",
  });
}
