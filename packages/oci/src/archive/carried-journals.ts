import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { diskError, errnoOf } from "../store/disk/errors.ts";
import { makeFolder } from "../store/disk/make-folder.ts";

/** Journals of archives that are being written. */
const JOURNAL = /^\.[A-Za-z0-9].*\.journal$/;

/**
 * Takes along what the journals of a folder say, for a disk that is changed in the middle of an archive: call what is returned
 * when the other disk is there, and writing continues on it. Journals that lie there already stay.
 * @throws OciError `IO_FAILED`, `NO_SPACE`
 */
export async function carryJournals(dir: string): Promise<() => Promise<void>> {
  const names = (await readdir(dir).catch((): string[] => [])).filter((name) => JOURNAL.test(name));
  const texts = await Promise.all(names.map(async (name) => [name, await readFile(join(dir, name))] as const));
  return async () => {
    await makeFolder(dir).catch((error: unknown) => {
      throw diskError(error, "make the archive's folder", dir);
    });
    for (const [name, bytes] of texts) {
      const path = join(dir, name);
      await writeFile(path, bytes, { flag: "wx", mode: 0o600 }).catch((error: unknown) => {
        if (errnoOf(error) !== "EEXIST") throw diskError(error, "continue the archive on another disk", path);
      });
    }
  };
}
