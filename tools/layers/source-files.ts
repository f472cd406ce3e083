import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { type ImportSite, readImports } from "./imports.ts";

/** One source file with what it imports. Paths are relative to the checked root, `/`-separated. */
export interface SourceFile {
  readonly path: string;
  readonly imports: readonly ImportSite[];
}

/** What a package declares in its package.json. */
export interface PackageFacts {
  /** Folder name under `packages`. */
  readonly folder: string;
  /** Names of everything it may import at run time. */
  readonly dependencies: ReadonlySet<string>;
}

/** Everything that the rules look at. */
export interface Project {
  readonly files: ReadonlyMap<string, SourceFile>;
  readonly packages: ReadonlyMap<string, PackageFacts>;
  /** What tests may import besides: the root's development dependencies. */
  readonly development: ReadonlySet<string>;
}

const ROOTS = ["packages", "tools", "tests", "examples", "bench"] as const;
const SKIPPED: ReadonlySet<string> = new Set(["node_modules", "dist", "generated", ".quickstart"]);

/** Reads and parses every source file under the root's source folders. */
export async function readProject(root: string): Promise<Project> {
  const files = new Map<string, SourceFile>();
  for (const folder of ROOTS) {
    for await (const path of sourcePaths(join(root, folder))) {
      const name = relative(root, path).split(sep).join("/");
      files.set(name, { path: name, imports: readImports(name, await readFile(path, "utf8")) });
    }
  }
  const packages = new Map<string, PackageFacts>();
  for (const entry of await entries(join(root, "packages"))) {
    if (!entry.isDirectory()) continue;
    const manifest = await readJson(join(root, "packages", entry.name, "package.json"));
    if (manifest === undefined) continue;
    packages.set(entry.name, {
      folder: entry.name,
      dependencies: new Set([
        ...keys(manifest["dependencies"]),
        ...keys(manifest["optionalDependencies"]),
        ...keys(manifest["peerDependencies"]),
      ]),
    });
  }
  const top = await readJson(join(root, "package.json"));
  return { files, packages, development: new Set([...keys(top?.["devDependencies"]), ...keys(top?.["dependencies"])]) };
}

async function* sourcePaths(folder: string): AsyncGenerator<string> {
  for (const entry of await entries(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!SKIPPED.has(entry.name)) yield* sourcePaths(path);
    } else if (/\.(?:ts|tsx|mts|mjs|js)$/.test(entry.name) && !entry.name.endsWith(".d.ts")) yield path;
  }
}

async function entries(folder: string): Promise<{ name: string; isDirectory(): boolean }[]> {
  try {
    return (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

async function readJson(path: string): Promise<Record<string, unknown> | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function keys(value: unknown): string[] {
  return typeof value === "object" && value !== null ? Object.keys(value) : [];
}
