#!/usr/bin/env -S MALLOC_ARENA_MAX=1 node --max-semi-space-size=4 --initial-old-space-size=48
// Understood by old Nodes: finds one that runs the program, and hands over to it. A small young generation halves the
// memory of a process that streams, and one arena takes a fifth off what many threads leave scattered (measured:
// bench/memory). Buffers that pass through count against the old generation: from 48 MB on it is collected a fifth as
// often, for a fifth of a copy's CPU time and 20 MB. All of them work only where a process starts.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

// Waiting for the disk takes a thread each, and four of them would let reads wait behind syncs. Read at the first use.
process.env.UV_THREADPOOL_SIZE ??= "16";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const built = join(root, "dist", "skerry.mjs");
const entry = existsSync(built) ? built : join(root, "src", "main.ts");

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major > 24 || (major === 24 && minor >= 15)) {
  await import(pathToFileURL(entry).href);
} else {
  handOver();
}

function handOver() {
  const pinned = pinnedNode();
  if (pinned === undefined) {
    process.stderr.write(
      `error: skerry needs Node 24.15 or newer; this is ${process.versions.node}.\n` +
        "  next: install a newer Node, or run 'npm ci' where skerry was installed: it brings one along for linux/x64 and linux/arm64.\n",
    );
    process.exit(1);
  }
  const env = { MALLOC_ARENA_MAX: "1", ...process.env };
  const child = spawn(pinned, ["--max-semi-space-size=4", "--initial-old-space-size=48", entry, ...process.argv.slice(2)], {
    stdio: "inherit",
    env,
  });
  // A terminal sends its signals to both; one that was sent to this process alone is passed on.
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(name, () => {
      if (name !== "SIGINT" || !process.stdin.isTTY) child.kill(name);
    });
  }
  let said = false;
  child.on("error", (error) => {
    said = true;
    process.stderr.write(`error: cannot start ${pinned}: ${error.message}\n`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    if (said) return;
    if (code === 127) {
      process.stderr.write(
        `error: the pinned Node (${pinned}) does not start on this machine.\n` +
          "  next: install the package that holds libatomic.so.1: 'apt-get install libatomic1' on Debian and Ubuntu, 'dnf install libatomic' on RHEL and Fedora.\n",
      );
    }
    if (signal !== null) process.exit(signal === "SIGINT" ? 130 : signal === "SIGTERM" ? 143 : 1);
    process.exit(code === null ? 1 : code);
  });
}

function pinnedNode() {
  const name = `node-${process.platform}-${process.arch}`;
  for (let folder = root; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name, "bin", "node");
    if (existsSync(candidate)) return candidate;
    if (folder === dirname(folder)) return undefined;
  }
}
