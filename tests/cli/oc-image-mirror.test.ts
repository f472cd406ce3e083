import { readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type RunningRegistry, startRegistry } from "@skerry/registry";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeSampleLayout } from "../../packages/cli/src/testing/sample-layout.ts";
import { runInWorld } from "../../packages/cli/src/testing/world.ts";
import { sharedPath } from "../shared-data.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

/** One recorded case of `oc image mirror`. */
interface Recorded {
  readonly files?: Readonly<Record<string, string>>;
  readonly steps: readonly { readonly command: string; readonly exit: number }[];
  readonly target: readonly { readonly repository: string; readonly tags: Readonly<Record<string, string>> }[];
}

const folder = sharedPath("golden", "oc", "image-mirror");

/** Cases that need what `copy` does not have: transports file:// and s3://, a registry's refusal, the network, other flags. */
const OTHER = /^(?:again|file|s3-missing|secure|nohost|args-none|max-reg|index-filter-one-keep|missing-continue|missing-skip)/;

/** Where `copy` does something else, and why. Repositories with their tags, or the exit code. */
const DIFFERENT: Readonly<
  Record<string, { readonly why: string; readonly code: number; readonly target?: Readonly<Record<string, readonly string[]>> }>
> = {
  "args-mixed": { why: "oc ignores the arguments after SRC=DST; here the mixture is refused", code: 2 },
  "several-dst-eq": { why: "oc ignores destinations after SRC=DST; here the line is refused", code: 2 },
  scheme: { why: "docker:// is oc mirror's dialect, and is taken", code: 0, target: { "x/y": ["v1"] } },
  tabs: { why: "any blank divides", code: 0, target: { "x/y": ["v1"] } },
  "dup-lines": { why: "the same line twice asks for nothing more", code: 0, target: { "x/y": ["v1"] } },
  "missing-and-good": { why: "one missing image is a row and does not stop the rest", code: 3, target: { "x/z": ["v1"] } },
  "single-digest-notag": { why: "an image by digest gets the digest tag, so that no collection removes it", code: 0 },
  "index-filter-none": {
    why: "the index stays and no child is copied: a sparse copy keeps the digest",
    code: 0,
    target: { "x/y": ["v1"] },
  },
};

const EXIT_OF_OC: Readonly<Record<string, number>> = { "dup-dst": 4, missing: 1, "wildcard-none": 1 };

const cases =
  folder === undefined
    ? []
    : readdirSync(folder)
        .map((name) => name.replace(/\.json$/, ""))
        .filter((name) => !OTHER.test(name));

describe.skipIf(folder === undefined)("as `oc image mirror` (shared data golden/oc/image-mirror)", () => {
  let place: TempFolder;
  let upstream: RunningRegistry;
  let digests: ReadonlyMap<string, string>;
  const replaced = new Map<string, string>();

  beforeAll(async () => {
    place = await tempFolder();
    upstream = await startRegistry({ root: place.join("upstream") });
    const platforms = ["amd64", "arm64", "ppc64le"];
    digests = await writeSampleLayout(place.join("layout"), [
      { name: "v1", seed: "1", platforms },
      { name: "v2", seed: "2", platforms },
      { name: "w1", seed: "3", platforms },
      { name: "single", seed: "4" },
    ]);
    const app = `${upstream.host}/quay.io/org/app`;
    for (const [tag, to] of [
      ["v1", `${app}:v1`],
      ["v2", `${app}:v2`],
      ["w1", `${app}:w1`],
      ["single", `${upstream.host}/quay.io/community-operator-pipeline-prod/kubevirt-wol:0.0.2`],
      ["v1", `${upstream.host}/quay.io/brancz/kube-rbac-proxy:v0.21.0`],
    ]) {
      const { code } = await copy([`oci:layout:${tag ?? ""}`, to ?? ""]);
      expect(code).toBe(0);
    }
    const raw = await runInWorld(["inspect", "--raw", "oci:layout:v1"], { cwd: place.path });
    const child = (JSON.parse(raw.stdout) as { manifests: { digest: string }[] }).manifests[0]?.digest ?? "";
    replaced.set("sha256:d094a8ae33ff6d62b91f989b23c341047b32470562950880f6888667555f9ff5", digests.get("single") ?? "");
    replaced.set("sha256:fa06bc3f4183cfc2356558fa46d4bb678bb33aa4228705d3ce3e11ef0af08620", digests.get("v1") ?? "");
    replaced.set("sha256:f65b31963b9d01671f282114a58a64e6f5f1e3073a97adf3f5a162047b174d6f", child);
  });

  afterAll(async () => {
    await upstream.close();
    await place[Symbol.asyncDispose]();
  });

  function copy(args: readonly string[]) {
    return runInWorld(["copy", ...args, "--tls-verify=false"], { cwd: place.path, home: place.path });
  }

  test.each(cases)("%s", async (name) => {
    const recorded = JSON.parse(readFileSync(join(folder ?? "", `${name}.json`), "utf8")) as Recorded;
    await using mirror = await startRegistry({ root: place.join(`mirror-${name}`) });
    const here = (text: string): string => {
      const hosts = text.replaceAll("upstream.test", upstream.host).replaceAll("mirror.test", mirror.host).replaceAll("$ROOT", place.path);
      return [...replaced].reduce((done, [from, to]) => done.replaceAll(from, to), hosts);
    };
    for (const [file, text] of Object.entries(recorded.files ?? {})) await writeFile(place.join(file), here(text));
    const command = recorded.steps[0]?.command ?? "";
    const args = command
      .split(/ (?=(?:[^']*'[^']*')*[^']*$)/)
      .slice(3)
      .map((word) => here(word.replaceAll("'", "")));
    const { code } = await copy(args.filter((arg) => arg !== "--insecure"));

    const expected = DIFFERENT[name];
    const ocFailed = recorded.steps[0]?.exit !== 0;
    const allowed = expected?.code ?? (ocFailed ? (EXIT_OF_OC[name] ?? 2) : 0);
    expect(code).toBe(allowed);
    const tags = Object.fromEntries(
      recorded.target.map((one) => [one.repository, Object.keys(one.tags)]).filter(([, list]) => list?.length !== 0),
    );
    expect(await held(mirror.host)).toEqual(
      name === "single-digest-notag"
        ? { "x/y": [`img-${digests.get("single")?.slice(7)}`] }
        : (expected?.target ?? (allowed === 0 ? tags : {})),
    );
  });

  async function held(host: string): Promise<Readonly<Record<string, readonly string[]>>> {
    const run = async (...args: string[]): Promise<readonly string[]> => {
      const { stdout } = await runInWorld([...args, "--insecure"], { home: place.path });
      return stdout.split("\n").filter((line) => line !== "");
    };
    const found: [string, readonly string[]][] = [];
    for (const repository of await run("repos", host)) {
      const tags = await run("tags", `${host}/${repository}`);
      if (tags.length > 0) found.push([repository, tags]);
    }
    return Object.fromEntries(found);
  }
});
