import { OciError } from "../../errors.ts";
import { readEntry, tarContent } from "../tar/tar-content.ts";
import { indexTar, type TarEntry, type TarIndexOptions } from "../tar/tar-index.ts";
import { IndexFile } from "./index-file.ts";
import { LayoutReader } from "./layout-reader.ts";

/** An index.json beyond this is read nowhere. */
const MAX_INDEX_BYTES = 256 * 1024 * 1024;

/** How an archive is opened. */
export type ArchiveOptions = Pick<TarIndexOptions, "signal" | "shown">;

/**
 * Opens an OCI layout in a tar (`oci-archive` of skopeo and podman). Only headers are read; blobs are read where they lie.
 * @throws OciError `ARCHIVE_INVALID`, `LAYOUT_INVALID`, `UNSUPPORTED` for a compressed one, `NOT_FOUND`
 */
export async function openArchive(path: string, options: ArchiveOptions = {}): Promise<LayoutReader> {
  const entries = await indexTar(path, options);
  const shown = options.shown ?? path;
  const version = await textOf(path, { entries, name: "oci-layout", shown });
  if (!/"imageLayoutVersion"\s*:\s*"1\.\d+\.\d+"/.test(version)) {
    throw new OciError({ code: "LAYOUT_INVALID", message: `Cannot open ${shown}: its layout version is not 1.x`, subject: shown });
  }
  const index = IndexFile.parse(await textOf(path, { entries, name: "index.json", shown }), `${shown}, index.json`);
  return new LayoutReader(`oci-archive:${shown}`, index, tarContent(path, entries));
}

interface Text {
  readonly entries: ReadonlyMap<string, TarEntry>;
  readonly name: string;
  readonly shown: string;
}

async function textOf(path: string, { entries, name, shown }: Text): Promise<string> {
  const entry = entries.get(name);
  if (entry === undefined || entry.size > MAX_INDEX_BYTES) {
    const why = entry === undefined ? `there is no ${name} in it` : `its ${name} has ${entry.size} bytes`;
    throw new OciError({ code: "LAYOUT_INVALID", message: `Cannot open ${shown}: it is no OCI archive, ${why}`, subject: shown });
  }
  return new TextDecoder().decode(await readEntry(path, entry));
}
