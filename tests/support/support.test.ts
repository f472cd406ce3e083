import { startRegistry } from "@skerry/registry";
import { describe, expect, test } from "vitest";
import { dockerRegistryProgram, startDockerRegistry } from "./docker-registry.ts";
import { runProgram } from "./program.ts";
import { tempFolder } from "./temp-folder.ts";
import { watchRegistry } from "./watched-registry.ts";

describe("what the tests stand on", () => {
  test("a watched registry passes requests on, counts them and fails those it is told to", async () => {
    await using folder = await tempFolder();
    await using registry = await startRegistry({ root: folder.path });
    await using watched = await watchRegistry(registry.host);
    const base = `http://${watched.host}/v2/`;
    expect((await fetch(base)).status).toBe(200);
    const upload = await fetch(`${base}a/blobs/uploads/`, { method: "POST" });
    expect(upload.status).toBe(202);
    watched.interfere(({ url }) => (url.includes("/tags/") ? { status: 503, headers: { "retry-after": "0" } } : undefined));
    expect((await fetch(`${base}a/tags/list`)).status).toBe(503);
    watched.interfere(() => "cut");
    await expect(fetch(base)).rejects.toThrow();
    watched.interfere(undefined);
    expect((await fetch(base, { method: "HEAD" })).status).toBe(200);
    expect(watched.methods()).toEqual({ GET: 3, HEAD: 1, POST: 1 });
    expect(watched.seen.map(({ status }) => status)).toEqual([200, 202, 503, 0, 200]);
    watched.reset();
    expect(watched.methods()).toEqual({});
  });

  test("a program's end and words come back", async () => {
    const ended = await runProgram(process.execPath, ["-e", "process.stdin.pipe(process.stdout); process.exitCode = 3"], { input: "said" });
    expect(ended).toMatchObject({ code: 3, signal: null, stdout: "said", stderr: "" });
  });

  test.skipIf(dockerRegistryProgram === undefined)("the reference registry answers (needs docker-registry)", async () => {
    await using registry = await startDockerRegistry(dockerRegistryProgram ?? "");
    const catalog = await fetch(`http://${registry.host}/v2/_catalog`);
    expect(await catalog.json()).toEqual({ repositories: [] });
  });
});
