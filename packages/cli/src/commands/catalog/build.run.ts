import { writeFile } from "node:fs/promises";
import { attachSbom, type BuiltCatalog, buildCatalog, type Catalog, catalogSbom, formatForBase, wholeCatalog } from "@skerry/catalog";
import { formatReference, parseReference, transfer } from "@skerry/oci";
import { UsageError } from "../../args/errors.ts";
import { openAppRegistryCatalog } from "../../catalogs/app-registry.ts";
import { openCatalogs } from "../../catalogs/open.ts";
import { type Job, pathOf } from "../../command/job.ts";
import { platformsOf } from "../../copy/platforms.ts";
import { destinationTags } from "../../copy/tags.ts";
import { type ImageName, parseImageName } from "../../names/image-name.ts";
import { EXIT, interruptedCode } from "../../output/error.ts";
import { VERSION } from "../../version.ts";
import type { CatalogBuildFlags } from "./build.ts";

/** Builds the image, pushes it and says where it is. */
export async function run(job: Job<CatalogBuildFlags>): Promise<number> {
  const { flags } = job;
  if (flags.to === undefined || flags.to === "")
    throw new UsageError("no destination was named", { subject: "--to", hint: "Name it with --to REF." });
  const to = parseImageName(flags.to);
  const from = flags.from === undefined ? undefined : parseImageName(flags.from);
  const more = { sources: from === undefined ? [] : [from], destinations: [to] };
  const organisation = flags["appregistry-org"];
  if ((organisation === undefined || organisation === "") === (job.args[0] === undefined)) {
    throw new UsageError("name one source", { subject: "CATALOG", hint: "Give either CATALOG or --appregistry-org ORG." });
  }
  await using open = await openCatalogs(job, job.args, more);
  await using apps =
    organisation === undefined || organisation === "" ? undefined : await openAppRegistryCatalog(job, organisation, open.workdir);
  const catalog = apps?.catalog ?? open.catalogs[0];
  if (catalog === undefined) return EXIT.failed;
  const { places, registries } = await open.network();
  const found = from === undefined ? undefined : await places.find(from);
  const plain = await buildCatalog({
    catalog,
    format: flags.format ?? formatForBase(from?.kind === "registry" ? from.reference : undefined),
    base: found === undefined ? undefined : { reader: found.reader, place: found.at, descriptor: found.descriptor },
    platforms: platformsOf(flags),
    workdir: open.workdir,
    signal: job.signal,
  });
  try {
    const list = await sbomOf(job, { catalog, built: plain, to });
    const built = list === undefined || !job.flags["attach-sbom"] ? plain : attachSbom(plain, list).image;
    for (const problem of built.problems) job.log.warn(`${problem.code} ${problem.message}`, { ...problem });
    const target = await places.target(to);
    const tags = destinationTags({ source: to, destination: to, target, digest: built.root.digest });
    const name = nameWithTag(to, tags[0]);
    job.progress.start({ images: 1 });
    const root = {
      id: name,
      source: built.reader,
      from: found?.at ?? { repository: "catalog" },
      descriptor: built.root,
      to: target.at,
      tags,
      referrers: job.flags["attach-sbom"] ? "all" : "none",
    } as const;
    const report = await transfer([root], target.writer, {
      gates: registries.gates,
      signal: job.signal,
      onEvent: (event) => job.progress.event(event),
    });
    job.progress.stop();
    const [outcome] = report.outcomes;
    if (outcome?.error !== undefined) throw outcome.error;
    job.signal.throwIfAborted();
    await places.finish();
    await job.out.result(
      {
        kind: "CatalogImage",
        catalog: job.args[0] ?? catalog.name,
        name,
        digest: built.root.digest,
        outcome: outcome?.outcome,
        problems: built.problems,
      },
      { text: () => `Pushed ${built.root.digest} to ${name}\n`, names: () => [`${name}@${built.root.digest}`] },
    );
    return interruptedCode(job.signal, EXIT.done);
  } finally {
    await plain.close();
  }
}

/** The list of what is inside, where it was asked for; written to the file of `--sbom`. */
async function sbomOf(
  job: Job<CatalogBuildFlags>,
  of: { readonly catalog: Catalog; readonly built: BuiltCatalog; readonly to: ImageName },
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { sbom: file, "attach-sbom": attach } = job.flags;
  if (file === undefined && !attach) return undefined;
  const { digest } = of.built.root;
  const { to } = of;
  const image = to.kind === "layout" ? undefined : parseReference(`${to.reference.registry}/${to.reference.repository}@${digest}`);
  const list = await catalogSbom(of.catalog, wholeCatalog(of.catalog), { image, toolVersion: VERSION, signal: job.signal });
  if (file !== undefined) await writeFile(pathOf(job, file), `${JSON.stringify(list, undefined, 2)}\n`);
  return list;
}

function nameWithTag(name: ImageName, tag: string | undefined): string {
  if (name.kind === "layout") return name.text;
  const { registry, repository } = name.reference;
  return formatReference({ registry, repository, ...(tag === undefined ? {} : { tag }) });
}
