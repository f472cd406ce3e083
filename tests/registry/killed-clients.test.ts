import { existsSync } from "node:fs";
import { mkdtemp, readdir, readlink, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { CampaignClient, sha256 } from "./campaign.ts";
import { startChild } from "./child.ts";

/** Files below `folder` that a process has open. */
async function openFiles(pid: number, folder: string): Promise<string[]> {
  const descriptors = await readdir(`/proc/${pid}/fd`);
  // One that was closed meanwhile has no link any more.
  const links = await Promise.all(descriptors.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => "")));
  return links.filter((link) => link.startsWith(folder));
}

type Leaving = "reset" | "end";

/** Sends a request and leaves with the first bytes: the way the kernel says it for a killed program that had bytes to read, or none. */
function leavingAtOnce(url: string, request: string, how: Leaving): Promise<void> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(request));
    socket.once("error", reject).once("close", resolve);
    socket.once("data", () => {
      if (how === "reset") socket.resetAndDestroy();
      else socket.end();
    });
  });
}

test.skipIf(!existsSync("/proc/self/fd"))(
  "clients that are killed in the middle of a download or an upload leave no blob open, and the process goes on (needs /proc)",
  async () => {
    const root = await mkdtemp(join(tmpdir(), "skerry-killed-"));
    const child = await startChild(root);
    const client = new CampaignClient(child.url);
    try {
      // More than the sockets' buffers take, so that the answer is under way when its reader goes.
      const bytes = Buffer.alloc(24_000_000, "a large layer ");
      expect((await client.pushBlob("a", bytes)).status).toBe(201);
      const path = `/v2/a/blobs/${sha256(bytes)}`;
      const download = `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
      for (let round = 0; round < 4; round += 1) {
        const how = round % 2 === 0 ? "reset" : "end";
        await Promise.all(Array.from({ length: 16 }, () => leavingAtOnce(child.url, download, how)));
      }
      const opened = await client.ask("POST", "/v2/a/blobs/uploads/", Buffer.alloc(0));
      const upload = `PATCH ${String(opened.headers["location"])} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\npart`;
      await leavingAtOnce(child.url, upload, "reset");
      const pid = child.process.pid ?? 0;
      // The parts of the upload that came are kept open, so that it can go on.
      const blobs = join(root, "blobs");
      while ((await openFiles(pid, blobs)).length > 0) await sleep(20);
      expect((await client.ask("GET", path)).body.equals(bytes)).toBe(true);
      while ((await openFiles(pid, blobs)).length > 0) await sleep(20);
      const status = await client.ask("GET", String(opened.headers["location"]));
      expect(status.status).toBe(204);
      expect(child.process.exitCode).toBeNull();
    } finally {
      client.close();
      await child.kill("SIGTERM");
      await rm(root, { recursive: true });
    }
  },
  300_000,
);
