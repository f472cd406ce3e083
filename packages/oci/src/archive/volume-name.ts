import { OciError } from "../errors.ts";

const VOLUME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,120}_[0-9]{6}\.tar$/;

/** File name of a volume, `NAME_000001.tar` for the first. Its letters are legal on FAT, exFAT and NTFS. */
export function volumeName(archive: string, index: number): string {
  return `${archive}_${String(index + 1).padStart(6, "0")}.tar`;
}

/** True for a name that {@link volumeName} makes. */
export function isVolumeName(name: string): boolean {
  return VOLUME.test(name);
}

/**
 * A name for an archive, in letters that every file system takes.
 * @throws OciError `CONFIG_INVALID` when nothing of it remains
 */
export function archiveName(text: string): string {
  const name = text
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, 80)
    .replace(/[._-]+$/, "");
  if (name !== "") return name;
  throw new OciError({ code: "CONFIG_INVALID", message: `Cannot name an archive ${JSON.stringify(text)}`, subject: text });
}
