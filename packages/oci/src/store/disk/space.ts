import { readFile, realpath, statfs } from "node:fs/promises";
import { diskError } from "./errors.ts";

/** Free bytes for an ordinary user on the file system that holds `path`, and that file system's mount point. */
export async function spaceAt(path: string): Promise<{ readonly where: string; readonly freeBytes: number }> {
  try {
    const real = await realpath(path);
    const [{ bavail, bsize }, where] = await Promise.all([statfs(real), mountPoint(real)]);
    return { where, freeBytes: bavail * bsize };
  } catch (error) {
    throw diskError(error, "measure free space", path);
  }
}

/** Longest mount point above `real`; the path itself where there is no /proc. */
async function mountPoint(real: string): Promise<string> {
  let mounts: string;
  try {
    mounts = await readFile("/proc/self/mounts", "utf8");
  } catch {
    return real;
  }
  let best = "/";
  for (const line of mounts.split("\n")) {
    const escaped = line.split(" ")[1];
    if (escaped === undefined) continue;
    // Spaces and the like are octal there. fstab(5).
    const mount = escaped.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    if (mount.length > best.length && (real === mount || real.startsWith(`${mount}/`))) best = mount;
  }
  return best;
}
