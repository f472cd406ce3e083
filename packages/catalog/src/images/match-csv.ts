import type { JsonObject } from "../document/shape.ts";
import type { Bundle } from "../types.ts";
import { type CsvImage, csvRelatedImages } from "./csv-images.ts";
import { readLooseReference } from "./loose-reference.ts";

/** The text that a CSV gives for a broken entry, and the key it stands under. */
export interface CsvAnswer {
  readonly text: string;
  readonly key: "image" | "value";
}

/**
 * Looks up what the CSV says where `relatedImages[index]` of the bundle is broken. Entries are matched by name, and
 * within one name by order: `opm render` sorts the list by image, stably, so that the entries whose text it lost keep
 * the order of the CSV. A name that the CSV does not know gives no answer: a guess could carry the wrong image.
 */
export function csvAnswer(bundle: Pick<Bundle, "relatedImages">, index: number, csv: JsonObject): CsvAnswer | undefined {
  const entry = bundle.relatedImages[index];
  if (entry === undefined) return undefined;
  const named = csvRelatedImages(csv).filter((image) => image.name === entry.name);
  const only = named[0];
  if (named.length === 1 && only !== undefined && entry.name !== "" && readLooseReference(only.image).ok)
    return { text: only.image, key: "image" };
  const before = bundle.relatedImages.slice(0, index).filter((other) => other.name === entry.name && !readLooseReference(other.image).ok);
  return underValue(named.filter((image) => !readLooseReference(image.image).ok)[before.length]);
}

function underValue(image: CsvImage | undefined): CsvAnswer | undefined {
  if (image?.value === undefined || !readLooseReference(image.value).ok) return undefined;
  return { text: image.value, key: "value" };
}
