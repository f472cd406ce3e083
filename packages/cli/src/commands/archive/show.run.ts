import { archiveBytes, type ImageSetLock, isTool, openArchiveSource } from "@skerry/mirror";
import type { ArchiveContents } from "@skerry/oci";
import { formatSize } from "../../args/size.ts";
import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { escapeLine } from "../../output/escape.ts";
import { archiveDir } from "./archive-place.ts";
import type { ShowFlags } from "./show.ts";

/** Shows what an archive holds; only its last files are read. */
export async function run(job: Job<ShowFlags>): Promise<number> {
  const { reader, lock } = await openArchiveSource(archiveDir(job, job.args[0] ?? ""));
  const { contents } = reader;
  const { images, packages } = job.flags;
  const { apiVersion: _, ...document } = contents;
  await job.out.result(
    {
      ...document,
      ...(images ? { images: lock.images } : {}),
      ...(packages ? { catalogs: lock.catalogs } : {}),
    },
    {
      text: () => `${summary(contents, lock)}${images ? imageLines(contents) : ""}${packages ? packageLines(lock) : ""}`,
      names: () => contents.roots.map(({ name }) => name),
    },
  );
  return EXIT.done;
}

function summary(contents: ArchiveContents, lock: ImageSetLock): string {
  const { volumes, blobs, roots, relies, missing, signatures } = contents;
  const tools = roots.filter(isTool);
  const lines = [
    `Archive ${contents.name} of image set ${lock.imageSet.name}, ${contents.createdAt}`,
    `${roots.length - tools.length} images, ${blobs.length} blobs, ${formatSize(archiveBytes(contents))} in ${volumes.length} ${volumes.length === 1 ? "volume" : "volumes"}`,
    ...(relies.length === 0 ? ["Whole in itself"] : [`Relies on ${relies.length} blobs that the far side has (${base(contents)})`]),
    ...(signatures.length === 0 ? ["Not signed"] : signatures.map(({ algorithm, keyId }) => `Signed: ${algorithm}, key ${keyId}`)),
    ...tools.map(({ name }) => `The program travels along, as ${name}: 'skerry archive tool DIR' takes it out`),
    ...missing.map(({ origin, error }) => `LACKS ${origin}: ${error}`),
  ];
  return lines.map((line) => `${escapeLine(line)}\n`).join("");
}

function base(contents: ArchiveContents): string {
  const { lockDigest, haveDigest, requestDigest } = contents.base;
  return [
    lockDigest === undefined ? "" : `lock ${lockDigest}`,
    haveDigest === undefined ? "" : `have-list ${haveDigest}`,
    requestDigest === undefined ? "" : `request ${requestDigest}`,
  ]
    .filter((part) => part !== "")
    .join(", ");
}

function imageLines(contents: ArchiveContents): string {
  return contents.roots.map(({ name, digest }) => `${escapeLine(name)} ${digest}\n`).join("");
}

function packageLines(lock: ImageSetLock): string {
  const lines = lock.catalogs.flatMap((catalog) => [
    catalog.catalog,
    ...catalog.packages.flatMap((kept) =>
      kept.channels.map((channel) => `  ${kept.name}/${channel.name}: ${channel.versions.map(({ version }) => version).join(", ")}`),
    ),
  ]);
  return lines.map((line) => `${escapeLine(line)}\n`).join("");
}
