import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Bundle,
  isCatalogError,
  mermaidGraph,
  packageGraph,
  readBundleDirectory,
  renderBundle,
  renderTemplate,
  renderText,
  type TemplateType,
} from "@skerry/catalog";
import { describe, expect, it } from "vitest";
import { sharedPath } from "../shared-data.ts";
import { canonicalJson } from "../support/golden-files.ts";
import { listedDifferences } from "../support/parity-table.ts";

const golden = sharedPath("golden", "opm", "templates") ?? "";

interface GoldenRun {
  readonly id: string;
  readonly input: string;
  readonly type?: string;
  readonly flags: readonly string[];
  readonly verdicts: readonly {
    readonly docs?: readonly { readonly sha256: string }[];
    readonly mermaid?: string;
    readonly message?: string;
  }[];
}

class NoSuchImage extends Error {}

/** The bundles behind the recorded references, as folders. */
async function bundleOf(image: string): Promise<Bundle> {
  const own = /^registry\.test\/(amber|beryl)\/bundle:v(.*)$/.exec(image);
  const real = /^registry\.test\/real\/(.*):(.*)$/.exec(image);
  const folder =
    own !== null
      ? join(golden, "bundles", `${own[1]}-${own[2]}`)
      : real !== null
        ? (sharedPath("bundles", real[1] ?? "", real[2] ?? "") ?? "")
        : "";
  if (folder === "" || !existsSync(folder)) throw new NoSuchImage(image);
  return renderBundle(await readBundleDirectory(folder), { image });
}

async function ours(run: GoldenRun): Promise<string> {
  const text = await readFile(join(golden, run.input), "utf8");
  const migrateLevel = run.flags.includes("bundle-object-to-csv-metadata") ? "csv-metadata" : "none";
  try {
    const catalog = await renderTemplate(text, {
      source: bundleOf,
      migrateLevel,
      ...(run.type === undefined ? {} : { type: run.type as TemplateType }),
    });
    const digests: string[] = [];
    for await (const part of renderText(catalog, { format: "json" }))
      digests.push(
        createHash("sha256")
          .update(canonicalJson(JSON.parse(part)))
          .digest("hex"),
      );
    const chart = mermaidGraph(catalog.packages.map((info) => packageGraph(info)));
    await catalog.close();
    return run.flags.includes("mermaid") ? chart : digests.join();
  } catch (error) {
    if (isCatalogError(error) || error instanceof NoSuchImage) return "refused";
    throw error;
  }
}

describe.skipIf(golden === "")("templates as opm renders them (../shared/data/golden/opm/templates)", () => {
  it("gives the recorded documents, or refuses where opm does", async () => {
    const listed = await listedDifferences("Templates compared with opm");
    const runs = (await readFile(join(golden, "templates.jsonl"), "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as GoldenRun);
    const different: string[] = [];
    for (const run of runs) {
      const wanted = run.verdicts.map((verdict) => verdict.mermaid ?? verdict.docs?.map((doc) => doc.sha256).join() ?? "refused");
      if (!wanted.includes(await ours(run))) different.push([run.id, run.type ?? "", ...run.flags].filter((part) => part !== "").join(" "));
    }
    expect(runs).toHaveLength(84);
    expect(different).toEqual([...listed]);
  });
});
