import { describe, expect, test } from "vitest";
import { globPattern } from "./glob.ts";
import { parseHost, parseImageName, parseRef, parseRepositoryName } from "./image-name.ts";

const HEX = "a".repeat(64);

describe("REF", () => {
  test.each([
    ["docker://nginx", { registry: "docker.io", repository: "library/nginx" }],
    ["docker://org/app:v1", { registry: "docker.io", repository: "org/app", tag: "v1" }],
    ["quay.io/org/app", { registry: "quay.io", repository: "org/app" }],
    ["localhost/app", { registry: "localhost", repository: "app" }],
    ["host:5000/app:v1", { registry: "host:5000", repository: "app", tag: "v1" }],
    [`docker://quay.io/org/app:v1@sha256:${HEX}`, { registry: "quay.io", repository: "org/app", tag: "v1", digest: `sha256:${HEX}` }],
  ])("%s", (text, expected) => expect(parseRef(text)).toEqual({ ...expected, text }));

  test.each([
    ["nginx", /names no registry/, "Write docker://nginx for Docker Hub, or host/path:tag."],
    ["org/app:v1", /names no registry/, undefined],
    ["", /names no registry/, "Write it as host/path:tag."],
    ["oci://folder", /unknown transport oci/, "A layout on disk is oci:DIR[:NAME], without slashes."],
    ["dokcer://quay.io/x", /unknown transport dokcer/, "Write docker://quay.io/x."],
    ["https://quay.io/x", /unknown transport https/, undefined],
    ["quay.io/Org/app", /upper-case/, undefined],
    ["quay.io/org/app@sha256:12", /digest/, undefined],
  ])("refuses %j", (text, message, hint) => {
    expect(() => parseRef(text)).toThrow(message);
    if (hint !== undefined) expect(() => parseRef(text)).toThrow(expect.objectContaining({ hint }));
  });

  test("a repository has neither tag nor digest", () => {
    expect(parseRepositoryName("quay.io/org/app").repository).toBe("org/app");
    expect(() => parseRepositoryName("quay.io/org/app:v1")).toThrow(/without tag/);
  });

  test.each([
    ["docker://mirror.test:8443/", "mirror.test:8443"],
    ["localhost:5000", "localhost:5000"],
    ["index.docker.io", "docker.io"],
  ])("host %s", (text, host) => expect(parseHost(text)).toBe(host));

  test.each(["", "a/b", "user@host", "host:99999"])("refuses host %j", (text) => expect(() => parseHost(text)).toThrow(/HOST/));
});

describe("LAYOUT", () => {
  test.each([
    ["oci:dir", { transport: "oci", path: "dir" }],
    ["oci:/a/b:name:v1", { transport: "oci", path: "/a/b", name: "name:v1" }],
    [`oci:dir@sha256:${HEX}`, { transport: "oci", path: "dir", name: `@sha256:${HEX}` }],
    ["oci-archive:a.tar:v1", { transport: "oci-archive", path: "a.tar", name: "v1" }],
    ["dir:a:b", { transport: "dir", path: "a:b" }],
    ["docker-archive:a.tar:img:v1", { transport: "docker-archive", path: "a.tar", name: "img:v1" }],
  ])("%s", (text, expected) => expect(parseImageName(text)).toEqual({ kind: "layout", text, ...expected }));

  test.each(["oci:", "dir:", "oci::x"])("refuses %j", (text) => expect(() => parseImageName(text)).toThrow(/path is missing/));
});

test("globs take whole names", () => {
  expect(globPattern("v1.*").test("v1.2")).toBe(true);
  expect(globPattern("v1.*").test("v12")).toBe(false);
  expect(globPattern("v?").test("v12")).toBe(false);
  expect(globPattern("a**b").test("axxb")).toBe(true);
});
