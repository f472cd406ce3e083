import { migrateBundle } from "../bundle/csv-metadata.ts";
import { decodeBundle } from "../model/decode-bundle.ts";
import { parseObject } from "../scan/document-head.ts";
import type { Bundle, Catalog } from "../types.ts";
import { goJson } from "../write/go-json.ts";
import { basicTemplate } from "./basic-template.ts";
import { documentsCatalog } from "./documents-catalog.ts";
import { semverTemplate } from "./semver-template.ts";
import { substitutesTemplate } from "./substitutes-template.ts";
import { bundleBody, type TemplateDocument, type TemplateSource } from "./template-documents.ts";
import { parseTemplate, type TemplateType } from "./template-input.ts";

export interface RenderTemplateOptions {
  /** Renders the bundle behind an image reference, with its manifests. */
  readonly source: TemplateSource;
  /** Kind the caller expects; told from the template's schema when missing. */
  readonly type?: TemplateType | undefined;
  /** `csv-metadata` keeps of a bundle's manifests what a catalog server needs. */
  readonly migrateLevel?: "none" | "csv-metadata" | undefined;
}

const TEMPLATES = { basic: basicTemplate, semver: semverTemplate, substitutes: substitutesTemplate } as const;

/**
 * Makes a catalog out of a template in opm's languages: `olm.template.basic`, `olm.semver`, `olm.template.substitutes`.
 * The caller closes it.
 *
 * @throws CatalogError TEMPLATE_INVALID; whatever the source throws for a bundle that cannot be read
 */
export async function renderTemplate(text: string, options: RenderTemplateOptions): Promise<Catalog> {
  const { type, body } = parseTemplate(text, options.type);
  const documents = await TEMPLATES[type](body, async (image) => plain(await options.source(image)));
  return documentsCatalog(options.migrateLevel === "csv-metadata" ? documents.map(migrated) : documents);
}

/** The bundle as it would be read from a catalog: values of its properties as plain JSON. */
function plain(bundle: Bundle): Bundle {
  return decodeBundle(parseObject(goJson(bundleBody(bundle))));
}

function migrated(document: TemplateDocument): TemplateDocument {
  return document["schema"] === "olm.bundle" ? bundleBody(migrateBundle(decodeBundle(document))) : document;
}
