import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeFolder } from "@skerry/oci";
import { CatalogError } from "../errors.ts";
import { layerPath } from "../image/layer-path.ts";
import type { CatalogFile } from "../types.ts";

/**
 * Writes the files of a catalog into a folder. A file that is there already is an error, so that nothing is lost.
 * @param modes permissions of folders and files; private ones unless given
 * @throws CatalogError `PATH_UNSAFE`, `IO_FAILED`
 */
export async function writeCatalogFiles(
  files: AsyncIterable<CatalogFile> | Iterable<CatalogFile>,
  directory: string,
  modes: { readonly folder: number; readonly file: number } = { folder: 0o700, file: 0o600 },
): Promise<void> {
  for await (const file of files) {
    if (layerPath(file.path) !== file.path || file.path === "") {
      throw new CatalogError({
        code: "PATH_UNSAFE",
        message: `Cannot write ${JSON.stringify(file.path)}: the path would leave the catalog`,
        subject: file.path,
      });
    }
    const target = join(directory, file.path);
    try {
      await makeFolder(dirname(target), modes.folder);
      await using handle = await open(target, "wx", modes.file);
      for await (const chunk of file.content) await handle.write(chunk);
    } catch (cause) {
      if (cause instanceof CatalogError || !(cause instanceof Error) || !("errno" in cause)) throw cause;
      throw new CatalogError({
        code: "IO_FAILED",
        message: `Cannot write ${target}: ${cause.message}`,
        subject: target,
        hint: "Name a folder that is empty or not there.",
        cause,
      });
    }
  }
}
