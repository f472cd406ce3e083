import { formatSize } from "../../args/size.ts";
import { openCatalogs } from "../../catalogs/open.ts";
import { type PackageDetail, packageDetail } from "../../catalogs/package-detail.ts";
import { packageOf, requiredCatalog } from "../../catalogs/required.ts";
import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { escapeLine } from "../../output/escape.ts";
import { cutLine, formatFields, formatTable } from "../../output/table.ts";
import type { ShowFlags } from "./show.ts";

/** Columns of a description; the whole text is in the JSON document. */
const SHORT = 300;

/** Prints one package with every channel and entry. */
export async function run(job: Job<ShowFlags>): Promise<number> {
  const name = requiredCatalog(job.flags.catalog);
  await using open = await openCatalogs(job, [name], job.flags.sizes ? { sources: "any" } : {});
  const [catalog] = open.catalogs;
  if (catalog === undefined) return EXIT.failed;
  const info = packageOf(catalog, job.args[0] ?? "");
  const detail = await packageDetail(
    catalog,
    info,
    job.flags.sizes ? { places: (await open.network()).places, signal: job.signal } : undefined,
  );
  await job.out.result(
    { kind: "CatalogPackage", catalog: name, ...detail },
    {
      text: () => detailText(detail),
      names: () => detail.channels.flatMap((channel) => channel.entries.map((entry) => `${info.name}/${channel.name}@${entry.version}`)),
    },
  );
  return EXIT.done;
}

function detailText(detail: PackageDetail): string {
  return [
    formatFields([
      ["Package", detail.name],
      ["Display name", detail.displayName],
      ["Provider", detail.provider],
      ["Description", cutLine((detail.summary ?? detail.description ?? "").replace(/\s+/g, " ").trim(), SHORT)],
      ["Keywords", detail.keywords.join(", ")],
      ["Default channel", detail.defaultChannel],
      ["Versions", String(detail.versions)],
      ["Images", `${detail.images}${detail.uniqueBytes == null ? "" : `, ${formatSize(detail.uniqueBytes)} together`}`],
      ["Deprecated", detail.deprecated ? "in part or whole" : undefined],
    ]),
    ...detail.channels.map(
      (channel) =>
        heading(`Channel ${channel.name}${channel.name === detail.defaultChannel ? " (default)" : ""}`) +
        formatTable(
          [
            { title: "bundle" },
            { title: "version" },
            { title: "images", right: true },
            ...(detail.uniqueBytes === undefined ? [] : [{ title: "size", right: true }]),
            { title: "replaces" },
            { title: "skips" },
            { title: "skip range" },
          ],
          channel.entries.map((entry) => [
            `${entry.name}${entry.name === channel.head ? " (head)" : ""}`,
            entry.version,
            String(entry.images.length),
            ...(entry.totalBytes === undefined ? [] : [entry.totalBytes === null ? "unknown" : formatSize(entry.totalBytes)]),
            entry.replaces ?? "",
            shortList(entry.skips ?? []),
            entry.skipRange ?? "",
          ]),
        ),
    ),
    headImagesText(detail),
    needsText("needs", detail.requires),
    needsText("needed by", detail.neededBy),
  ]
    .filter((part) => part !== "")
    .join("\n");
}

/** Names keep their case, which the titles of a table do not. */
function heading(text: string): string {
  return `${escapeLine(text)}:\n`;
}

/** A row has to stay readable: channels with eighty skips exist. */
function shortList(names: readonly string[]): string {
  return names.length <= 4 ? names.join(" ") : `${names.slice(0, 3).join(" ")} and ${names.length - 3} more`;
}

/** Images of what would be installed first. */
function headImagesText(detail: PackageDetail): string {
  const channel = detail.channels.find((one) => one.name === detail.defaultChannel);
  const head = channel?.entries.find((entry) => entry.name === channel.head);
  if (head === undefined) return "";
  const sizes = detail.uniqueBytes !== undefined;
  return (
    heading(`Images of ${head.name}`) +
    formatTable(
      [{ title: "image" }, ...(sizes ? [{ title: "size", right: true }, { title: "platforms" }] : [])],
      head.images.map((image) => [
        image.image,
        ...(sizes
          ? [image.totalBytes == null ? (image.error?.code ?? "unknown") : formatSize(image.totalBytes), (image.platforms ?? []).join(" ")]
          : []),
      ]),
    )
  );
}

function needsText(title: "needs" | "needed by", needs: PackageDetail["requires"]): string {
  if (needs.length === 0) return "";
  return formatTable(
    [...(title === "needs" ? [] : [{ title }]), { title: title === "needs" ? title : "because of" }, { title: "bundles" }],
    needs.map((need) => [...(title === "needs" ? [] : [need.package]), need.need, shortList(need.bundles)]),
  );
}
