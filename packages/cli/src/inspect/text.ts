import { formatSize } from "../args/size.ts";
import { formatFields, formatTable } from "../output/table.ts";
import type { InspectResult } from "./read-image.ts";

/** The summary for a person. */
export function inspectText(summary: InspectResult): string {
  const parts = [
    formatFields([
      ["Name", summary.name],
      ["Digest", summary.digest],
      ["Media type", summary.mediaType],
      ["Artifact type", summary.artifactType],
      ["Created", summary.createdAt],
      ["Platforms", summary.platforms.join(", ")],
      [
        "Layers",
        `${summary.layers.length}, ${formatSize(summary.layersBytes)}${summary.shownPlatform === undefined ? "" : ` (${summary.shownPlatform})`}`,
      ],
      ["Referrers", summary.referrers.length === 0 ? "none" : String(summary.referrers.length)],
    ]),
  ];
  if (summary.layers.length > 0) {
    parts.push(
      formatTable(
        [{ title: "layer" }, { title: "size", right: true }, { title: "media type" }],
        summary.layers.map((layer) => [layer.digest, formatSize(layer.sizeBytes), layer.mediaType]),
      ),
    );
  }
  const labels = Object.entries(summary.labels);
  if (labels.length > 0) parts.push(formatTable([{ title: "label" }, { title: "value" }], labels));
  if (summary.referrers.length > 0) parts.push(referrersText(summary));
  return parts.join("\n");
}

/** What refers to an image, as a table. */
export function referrersText(summary: InspectResult): string {
  if (summary.referrers.length === 0) return "";
  return formatTable(
    [{ title: "referrer" }, { title: "size", right: true }, { title: "artifact type" }],
    summary.referrers.map((referrer) => [referrer.digest, formatSize(referrer.sizeBytes), referrer.artifactType]),
  );
}
