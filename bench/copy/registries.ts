import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A registry that counts its requests in its access log, maybe behind a delay. */
export interface BenchRegistry extends AsyncDisposable {
  /** Where contestants reach it. */
  readonly host: string;
  /** Requests since the last call, by method. */
  requests(): Promise<Record<string, number>>;
}

/** Starts Debian's docker-registry in an empty folder. */
export async function startRegistry(delayMs: number): Promise<BenchRegistry> {
  const folder = await mkdtemp(join(tmpdir(), "skerry-bench-"));
  const port = await freePort();
  const config = join(folder, "config.json");
  const log = await open(join(folder, "log"), "w");
  const document = {
    version: 0.1,
    log: { level: "error", accesslog: { disabled: false } },
    storage: { filesystem: { rootdirectory: join(folder, "data") }, cache: { blobdescriptor: "inmemory" } },
    http: { addr: `127.0.0.1:${port}` },
  };
  await writeFile(config, JSON.stringify(document));
  const children = [spawn("docker-registry", ["serve", config], { stdio: ["ignore", log.fd, log.fd] })];
  let shown = port;
  if (delayMs > 0) {
    const proxy = spawn(process.execPath, [join(import.meta.dirname, "delay-proxy.ts"), String(port), String(delayMs)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(proxy);
    shown = Number(String((await once(proxy.stdout, "data"))[0]));
  }
  await answering(port);
  let seen = 0;
  return {
    host: `127.0.0.1:${shown}`,
    async requests() {
      await sleep(50);
      const lines = (await readFile(join(folder, "log"), "utf8")).split("\n");
      const counts: Record<string, number> = {};
      for (const line of lines.slice(seen)) {
        const method = /"(GET|HEAD|POST|PUT|PATCH|DELETE) (\S+)/.exec(line);
        if (method?.[1] !== undefined && method[2] !== "/v2/") counts[method[1]] = (counts[method[1]] ?? 0) + 1;
      }
      seen = lines.length - 1;
      return counts;
    },
    async [Symbol.asyncDispose]() {
      for (const child of children) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      await log.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return address === null || typeof address === "string" ? 0 : address.port;
}

async function answering(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const status = await fetch(`http://127.0.0.1:${port}/v2/`).then(
      (response) => response.status,
      () => 0,
    );
    if (status === 200) return;
    await sleep(25);
  }
  throw new Error(`docker-registry does not answer on port ${port}`);
}
