import { bundleCsv } from "../images/bundle-csv.ts";
import { csvDeploymentImages, csvEnvironmentImages } from "../images/csv-images.ts";
import { decodeBundle } from "../model/decode-bundle.ts";
import { ShapeError } from "../model/decode-channel.ts";
import type { Bundle, CatalogDocument } from "../types.ts";
import type { Finding } from "./finding.ts";

/** Largest message that a gRPC client accepts by default; a bundle travels in one. */
const MAX_GRPC_BYTES = 4 * 1024 * 1024;

/** What opm accepts of a bundle and a cluster stumbles over. Nothing here is an error. */
export function lintBundle(body: Readonly<Record<string, unknown>>, document: CatalogDocument): readonly Finding[] {
  let bundle: Bundle;
  try {
    bundle = decodeBundle(body);
  } catch (error) {
    if (error instanceof ShapeError) return [];
    throw error;
  }
  const found: Finding[] = [];
  const add = (finding: Omit<Finding, "package" | "bundle">): void => {
    found.push({
      severity: "warning",
      package: bundle.package,
      bundle: bundle.name,
      ...finding,
      message: `Bundle "${bundle.name}": ${finding.message}`,
    });
  };
  lintEmptyImages(bundle, add);
  lintUnlisted(bundle, add);
  lintOpenShiftVersion(bundle, add);
  if ((document.length ?? 0) > MAX_GRPC_BYTES) {
    add({
      rule: "lint-size",
      code: "BUNDLE_TOO_LARGE",
      message: `it has ${document.length} bytes, more than the ${MAX_GRPC_BYTES} that a client of the registry API accepts`,
      hint: "The cluster cannot install it; have the publisher use olm.csv.metadata or split the manifests.",
    });
  }
  return found;
}

type Add = (finding: Omit<Finding, "package" | "bundle">) => void;

function lintEmptyImages(bundle: Bundle, add: Add): void {
  bundle.relatedImages.forEach((entry, at) => {
    if (entry.image.trim() !== "") return;
    const field = `relatedImages[${at}].image`;
    const valued = entry.value !== undefined;
    add({
      rule: "lint-empty-image",
      code: valued ? "REF_VALUE_KEY" : "REF_EMPTY",
      field,
      original: entry.value ?? "",
      message: valued ? `${field} is empty; the reference stands under "value"` : `${field} ("${entry.name}") is empty`,
      hint: "The image is not mirrored unless it is found elsewhere, and the operator cannot start what needs it.",
    });
  });
}

function lintUnlisted(bundle: Bundle, add: Add): void {
  const csv = bundleCsv(bundle);
  if (csv === undefined) return;
  const listed = new Set([bundle.image, ...bundle.relatedImages.map((entry) => entry.image)]);
  for (const { field, image } of [...csvDeploymentImages(csv), ...csvEnvironmentImages(csv)]) {
    if (image === "" || listed.has(image)) continue;
    listed.add(image);
    add({
      rule: "lint-unlisted-image",
      code: "IMAGE_UNLISTED",
      field: `csv.${field}`,
      original: image,
      message: `image ${image} of csv.${field} is not among the related images`,
      hint: "Mirrors that trust relatedImages leave it out.",
    });
  }
}

function lintOpenShiftVersion(bundle: Bundle, add: Add): void {
  bundle.properties.forEach((property, at) => {
    if (property.type !== "olm.maxOpenShiftVersion") return;
    const { value } = property;
    const field = `properties[${at}].value`;
    const hint = "OLM cannot read it from the installed operator, and the cluster's upgrade is blocked.";
    if (typeof value === "number") {
      add({
        rule: "lint-max-openshift",
        field,
        original: String(value),
        message: `olm.maxOpenShiftVersion is the number ${value}; 4.20 becomes 4.2 that way`,
        hint,
      });
    } else if (typeof value !== "string" || !/^[0-9]+\.[0-9]+(?:\.0)?$/.test(value)) {
      add({
        rule: "lint-max-openshift",
        field,
        message: `olm.maxOpenShiftVersion is ${JSON.stringify(value)}, expected "MAJOR.MINOR"`,
        hint,
      });
    }
  });
}
