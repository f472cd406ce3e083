import { Registries } from "@skerry/oci";
import { addUser, startRegistry, userFilesIn } from "@skerry/registry";
import { expect, test } from "vitest";
import { parseMappingArguments } from "../mapping/mapping.ts";
import { tempFolder } from "../testing/temp-folder.ts";
import { Ahead } from "./ahead.ts";
import type { CopyRow } from "./rows.ts";

const { signal } = new AbortController();

function rowsTo(registries: Registries, host: string, tags: readonly string[]): readonly CopyRow[] {
  const target = { writer: registries.writer(host), at: { repository: "org/app" }, tags: [], takesReferrers: true };
  return tags.map((tag) => ({ id: tag, origin: "a", destination: `${host}/org/app:${tag}`, target, tags: [tag] }));
}

test("each destination is looked at once, after one question whether we may push; rows know what was found", async () => {
  await using folder = await tempFolder();
  await using registry = await startRegistry({ root: folder.path });
  await using registries = new Registries({ insecureHosts: [registry.host] });
  const places = ["one", "two", "one"].map((tag) => `oci:a=${registry.host}/org/app:${tag}`);
  const ahead = new Ahead(parseMappingArguments(places).mappings, { registries, signal });
  const rows = ahead.informed(rowsTo(registries, registry.host, ["one", "two", "three"]));
  await ahead.pushes.check(rows);
  expect(await Promise.all(rows.map(({ looked }) => looked))).toEqual([[undefined], [undefined], undefined]);
  expect(registries.requests()[registry.host]).toEqual({ POST: 1, DELETE: 1, HEAD: 2 });
});

test("a registry that refuses us is asked one question for a long list: some lock an account after a few", async () => {
  await using folder = await tempFolder();
  await addUser(userFilesIn(folder.path), { name: "bob", password: "s3cret-word" });
  await using registry = await startRegistry({ root: folder.path, auth: "htpasswd" });
  const credentials = { find: () => Promise.resolve({ kind: "basic", username: "bob", password: "wrong" } as const) };
  await using registries = new Registries({ insecureHosts: [registry.host], credentials });
  const tags = Array.from({ length: 20 }, (_, index) => `v${index}`);
  const mappings = parseMappingArguments(tags.map((tag) => `oci:a=${registry.host}/org/app:${tag}`)).mappings;
  const ahead = new Ahead(mappings, { registries, signal });
  const rows = ahead.informed(rowsTo(registries, registry.host, tags));
  await expect(ahead.pushes.check(rows)).rejects.toMatchObject({ code: "PUSH_DENIED" });
  await Promise.all(rows.map(({ looked }) => looked));
  // The challenge, and the password once.
  expect(registries.requests()[registry.host]).toEqual({ POST: 2 });
});
