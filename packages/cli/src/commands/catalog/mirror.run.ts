import { join } from "node:path";
import { type MirrorMapping, mirrorManifests, mirrorMappings, wholeCatalog } from "@skerry/catalog";
import { makeFolder, parseReference, type Reference, writeFileAtomic } from "@skerry/oci";
import { RefusedError, UsageError } from "../../args/errors.ts";
import { neededImages } from "../../catalogs/needed-images.ts";
import { openCatalogs } from "../../catalogs/open.ts";
import { type Job, pathOf } from "../../command/job.ts";
import { refuseRewriting } from "../../command/set-content-flags.ts";
import { executeCopy } from "../../copy/execute.ts";
import { type CopyProblem, copyExit, copyText } from "../../copy/report.ts";
import { prepareRows } from "../../copy/rows.ts";
import type { Mapping } from "../../mapping/mapping.ts";
import { parseRef } from "../../names/image-name.ts";
import { EXIT } from "../../output/error.ts";
import type { CatalogMirrorFlags } from "./mirror.ts";

/** Writes the files of a mirrored catalog and, unless told otherwise, copies its images. */
export async function run(job: Job<CatalogMirrorFlags>): Promise<number> {
  refuseRewriting(job.flags);
  const startedAt = job.world.now();
  const [source = "", destination = ""] = job.args;
  if (source.startsWith("file://")) {
    throw new UsageError("cannot mirror a catalog from file:// as oc does", {
      subject: source,
      hint: "Import an archive with skerry mirror --from file://DIR docker://HOST/PREFIX.",
    });
  }
  const reference = parseRef(source);
  if (job.flags["max-components"] === 1) {
    throw new UsageError("flag --max-components: one part has no room for every image", {
      subject: "1",
      hint: "Use 0 (no limit), or 2 and above.",
    });
  }
  const host = destinationHost(destination, source);
  await using open = await openCatalogs(job, [source], { sources: "any", destinations: [host] });
  const [catalog] = open.catalogs;
  if (catalog === undefined) return EXIT.failed;
  const needed = await neededImages(catalog, wholeCatalog(catalog).packages);
  const images = needed.images.map(({ image }) => parseReference(image));
  const mappings = mirrorMappings({ catalog: reference, images, destination, maxComponents: job.flags["max-components"] });
  const manifests = mirrorManifests({ catalog: reference, mappings, scope: job.flags["icsp-scope"] });
  const dir = job.flags["to-manifests"] ?? manifests.directory;
  const dryRun = job.flags["dry-run"];
  const files = dryRun ? {} : await writeManifests(pathOf(job, dir), manifests.files);
  const { places, registries } = await open.network();
  const from = { places, registries, signal: job.signal };
  const rows = job.flags["manifests-only"]
    ? []
    : await prepareRows(
        mappings.map((mapping) => mappingOf(mapping, reference)),
        from,
      );
  const copied = await executeCopy({ job, registries, rows, startedAt, dryRun, finish: () => places.finish() });
  const problems: readonly CopyProblem[] = [...needed.problems, ...copied.problems];
  const partial =
    problems.some((problem) => problem.severity === "error") && (copied.result === "done" || copied.result === "nothing-to-do");
  const report = { ...copied, problems, files, ...(partial ? { result: "partial" as const } : {}) };
  await job.out.result(report, {
    text: () =>
      job.flags["manifests-only"] ? `Wrote ${Object.keys(files).join(", ")} for ${mappings.length} images to ${dir}\n` : copyText(report),
    names: () => mappings.map((mapping) => `${mapping.repository}:${mapping.tag}`),
  });
  return copyExit(report, job.signal);
}

function destinationHost(destination: string, source: string): string {
  if (destination.startsWith("file://")) {
    throw new UsageError("cannot mirror a catalog to file:// as oc does", {
      subject: destination,
      hint: `Write an archive: skerry init --catalog ${source}, then skerry mirror -c imageset.yaml ${destination}. 'skerry mirror --from' imports it on the far side.`,
    });
  }
  const text = destination.replace(/^docker:\/\//, "").replace(/\/+$/, "");
  return parseRef(text.includes("/") ? text : `${text}/x`).registry;
}

function mappingOf(mapping: MirrorMapping, catalog: Reference): Mapping {
  const text = `${mapping.repository}:${mapping.tag}`;
  return {
    source: { kind: "registry", reference: mapping.source, text: mapping.source.text },
    destinations: [{ kind: "registry", reference: parseReference(text), text }],
    text: `${mapping.source.text}=${text}`,
    last: mapping.source === catalog,
  };
}

async function writeManifests(
  dir: string,
  files: readonly { readonly name: string; readonly text: string }[],
): Promise<Readonly<Record<string, string>>> {
  await makeFolder(dir).catch((cause: unknown) => {
    throw new RefusedError(`Refused to write to ${dir}: ${cause instanceof Error ? cause.message : "it cannot be made"}`, { subject: dir });
  });
  const written: [string, string][] = [];
  for (const { name, text } of files) {
    await writeFileAtomic(join(dir, name), new TextEncoder().encode(text));
    written.push([name, join(dir, name)]);
  }
  return Object.fromEntries(written);
}
