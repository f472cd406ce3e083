import { execFileSync } from "node:child_process";

/** Whether this machine lets a test mount disks of a few hundred KiB, in a mount namespace of its own. */
export function mayMount(): boolean {
  try {
    execFileSync("unshare", ["-m", "sh", "-c", "mount -t tmpfs tmpfs /mnt"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
