import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { diskError } from "../store/disk/errors.ts";
import { isVolumeName } from "./volume-name.ts";

/**
 * Removes what other archives left in a folder in which a new one is whole: its volumes carry another identity in their names.
 * Only files that an archive of the same name can have are touched.
 */
export async function removeOlder(dir: string, whole: { readonly archive: string; readonly volumes: readonly string[] }): Promise<void> {
  const keep = new Set([...whole.volumes, `.${whole.archive}.journal`]);
  const base = whole.archive.replace(/-[0-9a-f]{8}$/, "");
  try {
    for (const name of await readdir(dir)) {
      if (!keep.has(name) && isOfArchive(name, base)) await rm(join(dir, name), { force: true });
    }
  } catch (error) {
    throw diskError(error, "clear an older archive", dir);
  }
}

function isOfArchive(name: string, base: string): boolean {
  const rest = name.startsWith(".") ? name.slice(1) : name;
  if (!rest.startsWith(`${base}-`)) return false;
  const own = rest.slice(base.length + 1);
  return name.startsWith(".") ? /^[0-9a-f]{8}\.journal$/.test(own) : isVolumeName(name) && /^[0-9a-f]{8}_[0-9]{6}\.tar$/.test(own);
}
