import type { ImageSetConfig } from "@skerry/mirror";
import { DEFAULT_VOLUME_BYTES } from "@skerry/oci";
import type { ToArchiveFlags } from "./archive-flags.ts";

/** Bytes that a volume may have: `--volume-size`, else `archiveSize` of the configuration, else just under 4 GiB for FAT32. */
export function volumeBytesOf(flags: Partial<Pick<ToArchiveFlags, "volume-size">>, config: ImageSetConfig | undefined): number {
  return flags["volume-size"] ?? config?.archiveSizeBytes ?? DEFAULT_VOLUME_BYTES;
}
