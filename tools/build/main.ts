import { execFileSync } from "node:child_process";
import { chmod, rm, stat } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { build, type Plugin, type RolldownOutput } from "rolldown";

/**
 * `main.ts [DIR]`: bundles the command line into `packages/cli/dist/` (or DIR): `skerry.mjs`, and chunks that a command
 * loads when it is used; and `standalone/skerry.mjs`, the same as one file. The commit it was built from is put into `skerry version`.
 */
const root = resolve(import.meta.dirname, "..", "..");
const dist = resolve(process.argv[2] ?? join(root, "packages", "cli", "dist"));

await rm(dist, { recursive: true, force: true });
const commit = commitOf(root);
const { output } = await bundle(dist, "in pieces");
// The same as one file, which can travel in an archive.
const { output: single } = await bundle(join(dist, "standalone"), "as one file");
await chmod(join(dist, "standalone", "skerry.mjs"), 0o755);

let bytes = 0;
for (const { fileName } of output) bytes += (await stat(join(dist, fileName))).size;
const alone = (await stat(join(dist, "standalone", "skerry.mjs"))).size;
if (single.length !== 1) throw new Error(`the single file has ${single.length} files`);
console.log(`${relative(root, join(dist, "skerry.mjs"))}: ${output.length} files, ${megabytes(bytes)}; as one file ${megabytes(alone)}`);

function bundle(dir: string, form: "in pieces" | "as one file"): Promise<RolldownOutput> {
  const isSingle = form === "as one file";
  return build({
    input: { skerry: join(root, "packages", "cli", "src", "main.ts") },
    cwd: root,
    platform: "node",
    logLevel: "warn",
    plugins: [
      undiciPlugin(),
      constantPlugin({ COMMIT: { type: "string | undefined", from: "undefined", to: JSON.stringify(commit) } }),
      constantPlugin(isSingle ? { STANDALONE: { type: "boolean", from: "false", to: "true" } } : {}),
    ],
    output: {
      dir,
      format: "esm",
      entryFileNames: "[name].mjs",
      comments: { legal: true },
      ...(isSingle
        ? { codeSplitting: false, minify: true, banner: "#!/usr/bin/env node" }
        : { minify: true, chunkFileNames: "chunks/[name]-[hash].mjs" }),
    },
  });
}

function megabytes(count: number): string {
  return `${(count / 1e6).toFixed(1)} MB`;
}

interface Constant {
  readonly type: string;
  readonly from: string;
  readonly to: string | undefined;
}

/**
 * Takes from undici what is imported and nothing else. Its index brings fetch, mocks, caches and HTTP/2 along, which a bundler
 * cannot leave out of CommonJS, and which take longer to read at each start than the rest of a command.
 */
function undiciPlugin(): Plugin {
  const parts = { Pool: "dispatcher/pool.js", ProxyAgent: "dispatcher/proxy-agent.js", buildConnector: "core/connect.js" };
  return {
    name: "undici",
    resolveId: (id) => (id === "undici" ? "\0undici" : undefined),
    load(id) {
      if (id !== "\0undici") return undefined;
      const from = (part: string): string => JSON.stringify(join(root, "node_modules", "undici", "lib", part));
      return [
        ...Object.entries(parts).map(([name, part]) => `export { default as ${name} } from ${from(part)};`),
        `import Dispatcher from ${from("dispatcher/dispatcher.js")};`,
        `import request from ${from("api/api-request.js")};`,
        "Dispatcher.prototype.request = request;",
      ].join("\n");
    },
  };
}

/** Puts what only a build knows into `version.ts`. */
function constantPlugin(constants: Readonly<Record<string, Constant>>): Plugin {
  return {
    name: "constants",
    transform(code, id) {
      if (!id.endsWith("/packages/cli/src/version.ts")) return undefined;
      let changed = code;
      for (const [name, { type, from, to }] of Object.entries(constants)) {
        const place = `${name}: ${type} = ${from}`;
        if (!code.includes(place)) throw new Error(`${id} no longer holds "${place}"`);
        if (to !== undefined) changed = changed.replace(place, `${name}: ${type} = ${to}`);
      }
      return changed;
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
