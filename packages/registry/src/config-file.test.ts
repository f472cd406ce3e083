import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readRegistryConfig } from "./config-file.ts";

let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "skerry-config-"));
});

afterEach(() => rm(folder, { recursive: true }));

async function read(text: string): Promise<unknown> {
  await writeFile(`${folder}/file.yaml`, text);
  return readRegistryConfig(`${folder}/file.yaml`);
}

describe("readRegistryConfig", () => {
  test("takes what the flags take, and an empty file", async () => {
    expect(await read("listen: 127.0.0.1:5000\nquotas: { team: 1000 }\n")).toEqual({ listen: "127.0.0.1:5000", quotas: { team: 1000 } });
    expect(await read("# nothing yet\n")).toEqual({});
  });

  test.each([
    ["anonymousPul: true", 'there is no key "anonymousPul"', "anonymousPull"],
    ["upstreams: [{ prefix: a, hots: b.example, host: b.example }]", 'there is no key "upstreams.0.hots"', "Keys are prefix, host."],
    ["minFreeBytes: lots", "minFreeBytes: ", "bytes"],
    ["tls: yes please", "tls: ", "docs/registry.md"],
    ["root: a\nroot: b", "unique", "docs/registry.md"],
  ])("%s is refused with what would do", async (text, message, hint) => {
    await expect(read(text)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
  });

  test("a file that is not there is said so", async () => {
    await expect(readRegistryConfig(`${folder}/absent.yaml`)).rejects.toMatchObject({ message: expect.stringContaining("cannot be read") });
  });
});
