import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { certificatesFor } from "./certs-d.ts";
import { loadRegistriesConf } from "./load-registries-conf.ts";
import { parseRegistriesConf } from "./registries-conf.ts";
import { routesFor } from "./route.ts";

async function folder(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "skerry-conf-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(root, path, ".."), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

function names(text: string, wanted: string, by: "digest" | "tag" = "digest"): string[] {
  const slash = wanted.indexOf("/");
  const routes = routesFor(parseRegistriesConf(text), { host: wanted.slice(0, slash), repository: wanted.slice(slash + 1), by });
  return routes.map((route) => `${route.host}/${route.repository}${route.insecure ? " (insecure)" : ""}`);
}

const MIRRORED = `
unqualified-search-registries = ["docker.io"]
[[registry]]
location = "quay.io"
[[registry.mirror]]
location = "m.example:8443/quay"
[[registry]]
prefix = "quay.io/org"
location = "other.example/team"
insecure = true
[[registry.mirror]]
location = "one.example/x"
insecure = true
[[registry.mirror]]
location = "two.example"
[[registry]]
prefix = "*.wild.example"
[[registry.mirror]]
location = "m.example/wild"
[[registry]]
location = "closed.example"
blocked = true
[[registry]]
location = "closed.example/but"
blocked = true
[[registry.mirror]]
location = "open.example/but"
[[registry]]
location = "digest.example"
mirror-by-digest-only = true
[[registry.mirror]]
location = "dm.example"
[[registry]]
location = "kinds.example"
[[registry.mirror]]
location = "d.example"
pull-from-mirror = "digest-only"
[[registry.mirror]]
location = "t.example"
pull-from-mirror = "tag-only"
`;

describe("routes", () => {
  test.each([
    ["no rule", "ghcr.io/a/b", ["ghcr.io/a/b"]],
    ["mirror first, then itself", "quay.io/x/y", ["m.example:8443/quay/x/y", "quay.io/x/y"]],
    [
      "the longest prefix, replaced by each location",
      "quay.io/org/app",
      ["one.example/x/app (insecure)", "two.example/app", "other.example/team/app (insecure)"],
    ],
    ["path boundaries", "quay.io/organ/app", ["m.example:8443/quay/organ/app", "quay.io/organ/app"]],
    ["a port is another host", "quay.io:443/x/y", ["quay.io:443/x/y"]],
    ["wildcard: the host is replaced, and kept for the registry itself", "a.b.wild.example/x", ["m.example/wild/x", "a.b.wild.example/x"]],
    ["the bare domain is not under its wildcard", "wild.example/x", ["wild.example/x"]],
    ["blocked with a mirror: only the mirror", "closed.example/but/x", ["open.example/but/x"]],
    ["by digest", "digest.example/x", ["dm.example/x", "digest.example/x"]],
    ["pull-from-mirror by digest", "kinds.example/x", ["d.example/x", "kinds.example/x"]],
  ])("%s", (_, wanted, expected) => {
    expect(names(MIRRORED, wanted)).toEqual(expected);
  });

  test("a tag is not resolved through a digest-only mirror", () => {
    expect(names(MIRRORED, "digest.example/x", "tag")).toEqual(["digest.example/x"]);
    expect(names(MIRRORED, "kinds.example/x", "tag")).toEqual(["t.example/x", "kinds.example/x"]);
  });

  test("a blocked name is refused, naming the rule", () => {
    expect(() => names(MIRRORED, "closed.example/x")).toThrow(
      expect.objectContaining({ code: "BLOCKED", message: expect.stringContaining("closed.example") }),
    );
  });
});

describe("faults are named with their place", () => {
  test.each([
    ['[[registry]]\nlocation = "a.io"\n[[registry]]\nlocation = "a.io"', "there twice"],
    ['[[registry]]\nprefix = "a.io"', "no location"],
    ["[[registry]]\nblocked = true", "neither prefix nor location"],
    ['[[registry]]\nlocation = "https://a.io"', "scheme"],
    ['[[registry]]\nprefix = "*.a.io/x"\nlocation = "b.io"', "wildcard"],
    ['[[registry]]\nprefix = "*"\nlocation = "b.io"', "host"],
    [
      '[[registry]]\nlocation = "a.io"\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = "b.io"\npull-from-mirror = "all"',
      "exclude each other",
    ],
    ['[[registry]]\nlocation = "a.io"\n[[registry.mirror]]\nlocation = "b.io"\npull-from-mirror = "sometimes"', "expected all"],
    ['[[registry]]\nlocation = "a.io"\n[[registry.mirror]]', "no location"],
    ['[[registry]]\nlocation = "a.io"\ninsecure = "yes"', "true or false"],
    ['[registries.search]\nregistries = ["a.io"]', "version 1"],
    ['[[registry]]\nlocation = "a.io', "line 2"],
  ])("%j", (text, expected) => {
    expect(() => parseRegistriesConf(text, "/etc/x.conf")).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringMatching(new RegExp(`/etc/x.conf.*${expected}`, "s")) }),
    );
  });
});

describe("files", () => {
  const rule = (location: string): string => `[[registry]]\nprefix = "a.io"\nlocation = "${location}"\n`;
  test("a named file stands alone", async () => {
    const root = await folder({ "named.conf": rule("n.io"), "etc/containers/registries.conf": rule("s.io") });
    for (const lookup of [{ path: join(root, "named.conf"), env: {} }, { env: { CONTAINERS_REGISTRIES_CONF: join(root, "named.conf") } }]) {
      expect((await loadRegistriesConf({ ...lookup, home: root, root })).rules.map((one) => one.location)).toEqual(["n.io"]);
    }
  });

  test("the user's file replaces the system's; drop-ins override prefix by prefix, in order", async () => {
    const root = await folder({
      "etc/containers/registries.conf": rule("system.io"),
      "home/.config/containers/registries.conf": rule("user.io"),
      "etc/containers/registries.conf.d/10-a.conf": rule("ten.io"),
      "etc/containers/registries.conf.d/20-b.conf": `${rule("twenty.io")}[[registry]]\nlocation = "b.io"\n`,
      "etc/containers/registries.conf.d/30-c.txt": rule("text.io"),
    });
    const conf = await loadRegistriesConf({ env: {}, home: join(root, "home"), root });
    expect(conf.rules.map((one) => one.location)).toEqual(["twenty.io", "b.io"]);
    expect(conf.files).toHaveLength(3);
  });

  test("nothing there is no rules; a named file that is missing is a fault", async () => {
    const root = await folder({});
    expect((await loadRegistriesConf({ env: {}, home: root, root })).rules).toEqual([]);
    await expect(loadRegistriesConf({ path: join(root, "nope"), env: {}, home: root })).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });
});

describe("certs.d", () => {
  test("the first root with the host's folder; CAs, a client pair, half a pair refused", async () => {
    const root = await folder({
      "one/h.io:5000/ca.crt": "CA1",
      "one/h.io:5000/x.cert": "CERT",
      "one/h.io:5000/x.key": "KEY",
      "two/h.io:5000/ca.crt": "CA2",
      "two/half.io/x.cert": "CERT",
    });
    const from = { dirs: [join(root, "none"), join(root, "one"), join(root, "two")], extraCa: ["EXTRA"] };
    expect(await certificatesFor("h.io:5000", from)).toEqual({ ca: ["EXTRA", "CA1"], cert: "CERT", key: "KEY" });
    expect(await certificatesFor("h.io", from)).toEqual({ ca: ["EXTRA"] });
    await expect(certificatesFor("half.io", from)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("x.cert"),
    });
  });
});
