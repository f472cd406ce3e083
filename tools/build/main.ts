import { execFileSync } from "node:child_process";
import { rm, stat } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { build, type Plugin } from "rolldown";

/**
 * `main.ts [DIR]`: bundles the command line into `packages/cli/dist/` (or DIR): `skerry.mjs`, and chunks that a command
 * loads when it is used. The commit it was built from is put into `skerry version`.
 */
const root = resolve(import.meta.dirname, "..", "..");
const dist = resolve(process.argv[2] ?? join(root, "packages", "cli", "dist"));

await rm(dist, { recursive: true, force: true });
const { output } = await build({
  input: { skerry: join(root, "packages", "cli", "src", "main.ts") },
  cwd: root,
  platform: "node",
  logLevel: "warn",
  plugins: [commitPlugin(commitOf(root))],
  output: {
    dir: dist,
    format: "esm",
    entryFileNames: "[name].mjs",
    chunkFileNames: "chunks/[name]-[hash].mjs",
    comments: { legal: true },
  },
});

let bytes = 0;
for (const { fileName } of output) bytes += (await stat(join(dist, fileName))).size;
console.log(`${relative(root, join(dist, "skerry.mjs"))}: ${output.length} files, ${(bytes / 1e6).toFixed(1)} MB`);

function commitPlugin(commit: string | undefined): Plugin {
  const place = "COMMIT: string | undefined = undefined";
  return {
    name: "commit",
    transform(code, id) {
      if (!id.endsWith("/packages/cli/src/version.ts")) return undefined;
      if (!code.includes(place)) throw new Error(`${id} no longer holds "${place}"`);
      return commit === undefined ? undefined : code.replace(place, `COMMIT: string | undefined = ${JSON.stringify(commit)}`);
    },
  };
}

/** The commit that is checked out, marked where files differ from it; undefined outside a repository. */
function commitOf(folder: string): string | undefined {
  try {
    const git = (...args: string[]): string =>
      execFileSync("git", ["-C", folder, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    const commit = git("rev-parse", "HEAD").trim();
    return git("status", "--porcelain", "--untracked-files=no").trim() === "" ? commit : `${commit}-changed`;
  } catch {
    return undefined;
  }
}
