import { formatReference, type Reference } from "@skerry/oci";
import type { JsonObject } from "../document/shape.ts";
import type { BrokenEntry, Bundle, BundleImage, BundleImages, CatalogProblem } from "../types.ts";
import { bundleCsv } from "./bundle-csv.ts";
import { type CsvImage, csvDeploymentImages, csvEnvironmentImages } from "./csv-images.ts";
import { readLooseReference } from "./loose-reference.ts";
import { csvAnswer } from "./match-csv.ts";
import { brokenProblem, foundProblem, repairedProblem } from "./reference-problem.ts";

export interface BundleImagesOptions {
  /** Also take the values of `RELATED_IMAGE_*` from the CSV's deployments, where the CSV is present. */
  readonly environment?: boolean | undefined;
  /** The same values where a CSV was found elsewhere; see {@link environmentImagesOf}. */
  readonly environmentImages?: readonly CsvImage[] | undefined;
}

/** `RELATED_IMAGE_*` values of the deployments of a bundle's own CSV; undefined when the catalog does not hold that. */
export function environmentImagesOf(bundle: Bundle): readonly CsvImage[] | undefined {
  const csv = bundleCsv(bundle);
  return csv === undefined ? undefined : csvEnvironmentImages(csv);
}

/**
 * Every image a bundle needs: its own image, `relatedImages`, and, where its CSV is present as `olm.bundle.object`, the
 * containers and init containers of the CSV's deployments. Each image appears once, with all fields it was found in, in
 * the order of first appearance. A broken entry is mended from its own text, else from the CSV; what stays broken is in
 * `broken`, each with the row to report unless {@link repairFromBundleImage} finds the text.
 */
export function bundleImages(bundle: Bundle, options: BundleImagesOptions = {}): BundleImages {
  const collected = new Collected(bundle);
  if (bundle.image !== "" || !hasObjects(bundle)) collected.add({ field: "image", name: "", image: bundle.image }, "bundle");
  const csv = bundleCsv(bundle);
  bundle.relatedImages.forEach((entry, index) => {
    const field = `relatedImages[${index}].image`;
    collected.addRelated(
      { field, name: entry.name, image: entry.image, ...(entry.value === undefined ? {} : { value: entry.value }) },
      index,
      csv,
    );
  });
  if (csv !== undefined) {
    for (const image of csvDeploymentImages(csv)) collected.add({ ...image, field: `csv.${image.field}` }, "related");
  }
  const values = options.environmentImages ?? (options.environment === true && csv !== undefined ? csvEnvironmentImages(csv) : []);
  for (const image of values) collected.add({ ...image, field: `csv.${image.field}` }, "related");
  return collected.result();
}

/** A bundle without image is whole when its manifests are inline. */
function hasObjects(bundle: Bundle): boolean {
  return bundle.properties.some((property) => property.type === "olm.bundle.object");
}

class Collected {
  readonly #bundle: Bundle;
  readonly #images = new Map<string, { reference: Reference; kind: BundleImage["kind"]; fields: string[] }>();
  readonly #problems: CatalogProblem[] = [];
  readonly #broken: BrokenEntry[] = [];

  constructor(bundle: Bundle) {
    this.#bundle = bundle;
  }

  /** An entry of `relatedImages`: may be mended by its `value` or by the CSV. */
  addRelated(entry: CsvImage, index: number, csv: JsonObject | undefined): void {
    if (entry.image.trim() === "" && entry.value !== undefined && this.#takeValue(entry, entry.value)) return;
    const answer = readLooseReference(entry.image).ok || csv === undefined ? undefined : csvAnswer(this.#bundle, index, csv);
    if (answer === undefined || !this.#takeValue(entry, answer.text, answer.key)) this.add(entry, "related", index);
  }

  add(entry: CsvImage, kind: BundleImage["kind"], index?: number): void {
    const read = readLooseReference(entry.image);
    const at = { bundle: this.#bundle, field: entry.field, original: entry.image };
    if (!read.ok) {
      this.#broken.push({
        field: entry.field,
        name: entry.name,
        original: entry.image,
        ...(index === undefined ? {} : { index }),
        problem: brokenProblem(at, read),
      });
      return;
    }
    for (const repair of read.repairs) this.#problems.push(repairedProblem(at, repair, read.reference));
    this.#keep(read.reference, kind, entry.field);
  }

  result(): BundleImages {
    return { images: [...this.#images.values()], problems: this.#problems, broken: this.#broken };
  }

  #takeValue(entry: CsvImage, text: string, key: "image" | "value" = "value"): boolean {
    const read = readLooseReference(text);
    if (!read.ok) return false;
    const at = { bundle: this.#bundle, field: entry.field, original: entry.image };
    this.#problems.push(foundProblem(at, { key, reference: read.reference, where: entry.value === text ? "the entry" : "the CSV" }));
    this.#keep(read.reference, "related", entry.field);
    return true;
  }

  #keep(reference: Reference, kind: BundleImage["kind"], field: string): void {
    const key = formatReference(reference);
    const known = this.#images.get(key);
    if (known === undefined) this.#images.set(key, { reference, kind, fields: [field] });
    else known.fields.push(field);
  }
}
