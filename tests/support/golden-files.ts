import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A file of a recorded case: its text, its bytes, or what it links to. */
export interface GoldenFile {
  readonly text?: string;
  readonly base64?: string;
  readonly symlink?: string;
}

/** Writes the files of a case into a fresh folder, hands it over, and removes it again. */
export async function withFiles<T>(files: Readonly<Record<string, GoldenFile>>, use: (folder: string) => Promise<T>): Promise<T> {
  const base = await mkdtemp(join(tmpdir(), "skerry-case-"));
  const root = join(base, "catalog");
  try {
    await mkdir(root);
    for (const [path, file] of Object.entries(files)) {
      const target = join(root, path);
      await mkdir(dirname(target), { recursive: true });
      if (file.symlink !== undefined) await symlink(file.symlink, target);
      else await writeFile(target, file.text ?? Buffer.from(file.base64 ?? "", "base64"));
    }
    return await use(root);
  } finally {
    await rm(base, { recursive: true, force: true });
  }
}

/** JSON with sorted keys and no blanks: the form that recorded digests are of. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const object = value as Readonly<Record<string, unknown>>;
    return `{${Object.keys(object)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key])}`)
      .join(",")}}`;
  }
  return Object.is(value, -0) ? "-0" : JSON.stringify(value);
}
