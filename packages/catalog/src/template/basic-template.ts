import { asList, asText } from "../document/shape.ts";
import { foldedMember } from "../scan/fold.ts";
import type { Bundle } from "../types.ts";
import { bundleBody, type TemplateDocument, type TemplateSource } from "./template-documents.ts";
import { templateError } from "./template-input.ts";

/** Entries as they are, bundles that name only an image rendered from it. Nothing is checked beyond that. */
export async function basicTemplate(body: Readonly<Record<string, unknown>>, source: TemplateSource): Promise<readonly TemplateDocument[]> {
  const documents: TemplateDocument[] = [];
  for (const value of asList(foldedMember(body, "entries"))) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw templateError("an entry is no map");
    const entry = value as Record<string, unknown>;
    const schema = foldedMember(entry, "schema");
    if (typeof schema !== "string" || schema === "") throw templateError("an entry has no schema");
    documents.push(schema === "olm.bundle" ? bundleBody(await renderedBundle(entry, source)) : entry);
  }
  return documents;
}

async function renderedBundle(entry: Record<string, unknown>, source: TemplateSource): Promise<Bundle> {
  const image = asText(foldedMember(entry, "image"));
  const filled = ["package", "properties", "relatedImages"].filter((key) => {
    const value = foldedMember(entry, key);
    return value !== undefined && value !== null && value !== "" && !(Array.isArray(value) && value.length === 0);
  });
  if (image === "") throw templateError("a bundle entry names no image");
  if (filled.length > 0) throw templateError(`a bundle entry holds ${filled.join(" and ")}; only its image may be there`);
  return source(image);
}
