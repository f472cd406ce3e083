import { dirname } from "node:path";
import { isRepository } from "@skerry/oci";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Layout, repositoryFolder, repositoryOfFolder } from "./layout.ts";

const component = fc.stringMatching(/^[a-z0-9]{1,5}(?:(?:\.|_|__|-{1,3})[a-z0-9]{1,5}){0,2}$/);
const repository = fc.array(component, { minLength: 1, maxLength: 6 }).map((parts) => parts.join("/"));

test("a repository's folder can be turned round, is one folder, and is as long as the name", () => {
  fc.assert(
    fc.property(repository, (name) => {
      fc.pre(isRepository(name));
      const folder = repositoryFolder(name);
      expect(repositoryOfFolder(folder)).toBe(name);
      expect([folder.includes("/"), folder.length, [".", ".."].includes(folder)]).toEqual([false, name.length, false]);
    }),
  );
});

test("no repository reaches into another", () => {
  const layout = new Layout("/root");
  fc.assert(
    fc.property(repository, repository, (one, other) => {
      fc.pre(one !== other);
      expect(dirname(layout.tags(one))).not.toBe(dirname(layout.tags(other)));
      expect(layout.tag(one, "x").startsWith(`${layout.repository(other)}/`)).toBe(false);
    }),
  );
});
