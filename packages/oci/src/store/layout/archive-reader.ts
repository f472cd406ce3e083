import { OciError } from "../../errors.ts";
import { readEntry, tarContent } from "../tar/tar-content.ts";
import { indexTar, type TarEntry } from "../tar/tar-index.ts";
import { IndexFile } from "./index-file.ts";
import { LayoutReader } from "./layout-reader.ts";

/** An index.json beyond this is read nowhere. */
const MAX_INDEX_BYTES = 256 * 1024 * 1024;

/**
 * Opens an OCI layout in a tar (`oci-archive` of skopeo and podman). Only headers are read; blobs are read where they lie.
 * @throws OciError `ARCHIVE_INVALID`, `LAYOUT_INVALID`, `UNSUPPORTED` for a compressed one, `NOT_FOUND`
 */
export async function openArchive(path: string, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<LayoutReader> {
  const entries = await indexTar(path, options);
  const version = await textOf(path, { entries, name: "oci-layout" });
  if (!/"imageLayoutVersion"\s*:\s*"1\.\d+\.\d+"/.test(version)) {
    throw new OciError({ code: "LAYOUT_INVALID", message: `Cannot open ${path}: its layout version is not 1.x`, subject: path });
  }
  const index = IndexFile.parse(await textOf(path, { entries, name: "index.json" }), `${path}, index.json`);
  return new LayoutReader(`oci-archive:${path}`, index, tarContent(path, entries));
}

async function textOf(path: string, { entries, name }: { entries: ReadonlyMap<string, TarEntry>; name: string }): Promise<string> {
  const entry = entries.get(name);
  if (entry === undefined || entry.size > MAX_INDEX_BYTES) {
    const why = entry === undefined ? `there is no ${name} in it` : `its ${name} has ${entry.size} bytes`;
    throw new OciError({ code: "LAYOUT_INVALID", message: `Cannot open ${path}: it is no OCI archive, ${why}`, subject: path });
  }
  return new TextDecoder().decode(await readEntry(path, entry));
}
