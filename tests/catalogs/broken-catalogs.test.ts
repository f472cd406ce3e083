import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sharedPath } from "../shared-data.ts";
import { type UpstreamWorld, upstreamWorld } from "./upstream-world.ts";

const INDEX = "registry.example.com/broken/index:v1";
const bundles = sharedPath("bundles");

interface Row {
  readonly code: string;
  readonly severity: string;
  readonly bundle?: string;
  readonly field: string;
  readonly action: string;
  readonly original: string;
  readonly result?: string;
}

const DROPPED = [
  ["REF_EMPTY", "seldon-operator.v1.14.0", ""],
  ["REF_EMPTY", "seldon-operator.v1.15.0", ""],
  ["REF_INVALID", "sosivio-operator.v1.5.0-95", "quay.io/sosivio/draingo@"],
];

describe.each(["bundle-objects", "csv-metadata"])("broken bundles with %s, as opm writes them", (form) => {
  const dir = sharedPath("catalogs-broken", form);
  describe.skipIf(dir === undefined || bundles === undefined)("(needs ../shared/data/catalogs-broken and bundles)", () => {
    let world: UpstreamWorld;

    beforeAll(async () => {
      world = await upstreamWorld(
        { seed: "broken", catalogs: [{ dir: dir ?? "", reference: INDEX }], bundlesDir: bundles ?? "" },
        `apiVersion: mirror.openshift.io/v2alpha1\nkind: ImageSetConfiguration\nmirror:\n  operators:\n    - catalog: ${INDEX}\n      full: true\n`,
      );
    }, 600_000);
    afterAll(() => world[Symbol.asyncDispose]());

    test("are mended where text is left, reported where not, and accepted with the waivers that the plan prints", {
      timeout: 600_000,
    }, async () => {
      const planned = await world.run("plan", "-o", "json");
      expect(planned.code).toBe(3);
      const { problems } = JSON.parse(planned.stdout) as { problems: Row[] };
      const dropped = problems.filter(({ action }) => action === "dropped").map(({ code, bundle, original }) => [code, bundle, original]);
      expect(dropped.sort()).toEqual(DROPPED);
      const repaired = problems.filter(({ action, bundle }) => action === "repaired" && !bundle?.startsWith("kuadrant"));
      // Three of 3scale, four of strimzi: the CSV has under `value` what the entry has lost.
      expect(repaired.map(({ code }) => code)).toEqual(Array.from({ length: 7 }, () => "REF_VALUE_KEY"));
      for (const { result } of repaired) expect(result).toMatch(/^[\w.-]+\/[\w./-]+(:[\w.-]+)?(@sha256:[0-9a-f]{64})?$/);
      const schemes = problems.filter(({ bundle, code }) => bundle?.startsWith("kuadrant") && code === "REF_SCHEME");
      expect(schemes.map(({ bundle, result }) => [bundle, result]).sort()).toEqual([
        ["kuadrant-operator.v0.11.0", "quay.io/kuadrant/wasm-shim:v0.6.0"],
        ["kuadrant-operator.v0.11.1", "quay.io/kuadrant/wasm-shim:v0.6.0"],
      ]);

      const waivers = [...(await world.run("plan")).stdout.matchAll(/--waive \S+/g)].flatMap(([text]) => text.split(" "));
      expect(waivers.length / 2).toBe(DROPPED.length);
      const left = await world.run("mirror", "-o", "json", "--progress", "none");
      expect([left.code, (JSON.parse(left.stdout) as { result: string }).result]).toEqual([3, "partial"]);
      const accepted = await world.run("mirror", ...waivers, "-o", "json", "--progress", "none");
      expect(accepted.code).toBe(0);
      expect((await world.verify()).code).toBe(0);
    });
  });
});
