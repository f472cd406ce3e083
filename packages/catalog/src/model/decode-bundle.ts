import { foldedMember } from "../scan/fold.ts";
import type { Bundle, Property, RelatedImageEntry } from "../types.ts";
import { listMember, objectElement, textMember } from "./decode-channel.ts";

/**
 * An `olm.bundle` document as a {@link Bundle}. A related image keeps what stands under `value` when it names no image.
 *
 * @throws ShapeError for a member of the wrong type.
 */
export function decodeBundle(body: Readonly<Record<string, unknown>>): Bundle {
  return {
    name: textMember(body, "name", "name"),
    package: textMember(body, "package", "package"),
    image: textMember(body, "image", "image"),
    properties: listMember(body, "properties", "properties").map((property, at) => decodeProperty(property, `properties[${at}]`)),
    relatedImages: listMember(body, "relatedImages", "relatedImages").map((image, at) => decodeRelated(image, `relatedImages[${at}]`)),
  };
}

function decodeProperty(value: unknown, path: string): Property {
  const property = objectElement(value, path);
  return { type: textMember(property, "type", `${path}.type`), value: foldedMember(property, "value") ?? null };
}

function decodeRelated(value: unknown, path: string): RelatedImageEntry {
  const entry = objectElement(value, path);
  const image = textMember(entry, "image", `${path}.image`);
  const other = image === "" ? foldedMember(entry, "value") : undefined;
  return { name: textMember(entry, "name", `${path}.name`), image, ...(typeof other === "string" && other !== "" ? { value: other } : {}) };
}
