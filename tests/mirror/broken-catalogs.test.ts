import { describe, expect, it } from "vitest";
import { sharedPath } from "../shared-data.ts";
import { type Json, mirrorWorld } from "./world.ts";

const PACKAGES = ["3scale-community-operator", "kuadrant-operator", "seldon-operator", "sosivio", "strimzi-kafka-operator"];
const bundlesDir = sharedPath("bundles");

describe.each(["bundle-objects", "csv-metadata"])(
  "the broken bundles of real publishers, as opm writes them (catalogs-broken/%s of the shared data)",
  (form) => {
    const dir = sharedPath("catalogs-broken", form);

    it.skipIf(dir === undefined || bundlesDir === undefined)(
      "are repaired where a text survives, and reported where none does",
      async () => {
        const reference = "registry.example.com/broken/index:v1";
        await using world = await mirrorWorld({ catalogs: [{ dir: dir ?? "", reference }], bundlesDir: bundlesDir ?? "" });
        const packages = PACKAGES.map((name) => `        - name: ${name}\n`).join("");
        const config = await world.config(
          `apiVersion: mirror.openshift.io/v2alpha1\nkind: ImageSetConfiguration\nmirror:\n  operators:\n    - catalog: ${reference}\n      packages:\n${packages}`,
        );
        const target = `docker://${world.target.host}/ocp`;
        const { code, result } = await world.json("plan", "-c", config, "--name", form, target);
        expect(code).toBe(3);
        const rows = result.problems.filter((row: Json) => row.bundle !== undefined && row.severity !== "info");
        const about = (pkg: string): Json[] => rows.filter((row: Json) => row.package === pkg);
        for (const pkg of ["3scale-community-operator", "strimzi-kafka-operator"]) {
          const repaired = about(pkg).filter((row) => row.code === "REF_VALUE_KEY");
          expect(repaired.length).toBeGreaterThan(0);
          expect(
            repaired.every((row) => row.action === "repaired" && result.images.some((image: Json) => image.origin === row.result)),
          ).toBe(true);
        }
        const schemes = about("kuadrant-operator").filter((row) => row.code === "REF_SCHEME");
        expect(schemes.length).toBeGreaterThan(0);
        expect(schemes.every((row) => row.original.startsWith("oci://") && row.action === "repaired")).toBe(true);
        expect(about("seldon-operator").map((row) => [row.code, row.action])).toContainEqual(["REF_EMPTY", "dropped"]);
        expect(about("sosivio").map((row) => [row.code, row.action])).toContainEqual(["REF_INVALID", "dropped"]);
        const open = result.problems.filter((row: Json) => row.severity === "error");
        const waivers = [...new Set(open.map((row: Json) => `${row.code}=${row.subject}`))].flatMap((waiver) => [
          "--waive",
          String(waiver),
        ]);
        expect((await world.json("plan", "-c", config, "--name", form, target)).code).toBe(3);
        const mirrored = await world.json("mirror", "-c", config, "--name", form, ...waivers, target);
        expect({ code: mirrored.code, result: mirrored.result.result }).toEqual({ code: 0, result: "done" });
        expect((await world.json("verify", target)).result).toMatchObject({ result: "ok" });
      },
    );
  },
);
