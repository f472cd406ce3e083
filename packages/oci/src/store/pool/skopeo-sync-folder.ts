import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Descriptor } from "../../model/descriptor.ts";
import { type Digest, digestAlgorithm, digestHex } from "../../model/digest.ts";
import type { Content } from "../content.ts";
import { openDir } from "../dir/dir-store.ts";
import { diskError, errnoOf } from "../disk/errors.ts";
import { FlatFolder } from "../disk/flat-folder.ts";
import { readSmall } from "../small-content.ts";
import type { ContentPlace } from "./content-place.ts";

const MAX_DEPTH = 16;

/** A file of some image's folder. */
interface Found {
  readonly folder: FlatFolder;
  readonly file: string;
}

/**
 * What `skopeo sync --dest dir` left: below a folder, one `dir:` folder per image, named `<repository>:<tag>`. Content that
 * several images share is found in the first of them.
 * @throws OciError `IO_FAILED`
 */
export async function skopeoSyncFolder(dir: string): Promise<ContentPlace> {
  const names = new Map<string, Descriptor>();
  const files = new Map<string, Found>();
  await eachImage(dir, [], async (name, path, entries) => {
    const folder = new FlatFolder(path);
    for (const file of entries) if (!files.has(file)) files.set(file, { folder, file });
    const root = await (await openDir(path)).resolve({ repository: "" }, "");
    if (root === undefined) return;
    names.set(name, root);
    files.set(`${digestHex(root.digest)}.manifest.json`, { folder, file: "manifest.json" });
  });
  return { name: `skopeo folder ${dir}`, content: contentOf(files), names };
}

function contentOf(files: ReadonlyMap<string, Found>): Content {
  const find = (digest: Digest): Found | undefined => {
    const blob = digestAlgorithm(digest) === "sha256" ? digestHex(digest) : digest.replace(":", "-");
    return files.get(blob) ?? files.get(`${digestHex(digest)}.manifest.json`);
  };
  return {
    async size(digest) {
      const found = find(digest);
      return found?.folder.size(found.file);
    },
    async small(digest) {
      const found = find(digest);
      return found === undefined ? readSmall(digest, undefined) : found.folder.small(found.file, digest);
    },
    source(descriptor) {
      const found = find(descriptor.digest);
      if (found !== undefined) return found.folder.source(found.file, descriptor);
      const open = async function* (): AsyncGenerator<Uint8Array> {
        yield await readSmall(descriptor.digest, undefined);
      };
      return { size: descriptor.size, open };
    },
  };
}

type Visit = (name: string, path: string, entries: readonly string[]) => Promise<void>;

async function eachImage(folder: string, parts: readonly string[], visit: Visit): Promise<void> {
  if (parts.length > MAX_DEPTH) return;
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return [];
    throw diskError(error, "list", folder);
  });
  const names = entries.map(({ name }) => name).sort();
  if (names.includes("version") && names.includes("manifest.json")) return visit(parts.join("/"), folder, names);
  for (const entry of entries) if (entry.isDirectory()) await eachImage(join(folder, entry.name), [...parts, entry.name], visit);
}
