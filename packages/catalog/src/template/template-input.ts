import { CatalogError } from "../errors.ts";
import { foldedMember } from "../scan/fold.ts";
import { parseGoYaml } from "../yaml/parse-yaml.ts";
import { YamlSyntaxError } from "../yaml/yaml-syntax-error.ts";

/** What a template makes a catalog from. */
export type TemplateType = "basic" | "semver" | "substitutes";

const SCHEMAS: Readonly<Record<string, TemplateType>> = {
  "olm.template.basic": "basic",
  "olm.semver": "semver",
  "olm.template.substitutes": "substitutes",
};

/** A template, parsed: its kind and its members. */
export interface TemplateInput {
  readonly type: TemplateType;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The refusal of a template, with the reason at the end of the sentence. */
export function templateError(why: string, cause?: unknown): CatalogError {
  return new CatalogError({
    code: "TEMPLATE_INVALID",
    message: `Cannot render the template: ${why}`,
    ...(cause === undefined ? {} : { cause }),
  });
}

/**
 * Reads the first document of a template. A semver template is read strictly: no unknown keys, no key twice.
 *
 * @throws CatalogError TEMPLATE_INVALID
 */
export function parseTemplate(text: string, type?: string): TemplateInput {
  if (type !== undefined && !Object.values(SCHEMAS).includes(type as TemplateType)) {
    throw templateError(`there is no kind "${type}", only ${Object.values(SCHEMAS).join(", ")}`);
  }
  const first = text.replace(/^\ufeff/, "").split(/^---(?:[ \t]*(?:#.*)?)$/m);
  const document = first[0]?.trim() === "" && first.length > 1 ? (first[1] ?? "") : (first[0] ?? "");
  const loose = parseMap(document, false);
  const schema = foldedMember(loose, "schema");
  if (typeof schema !== "string" || schema === "") throw templateError("it has no schema");
  const own = Object.hasOwn(SCHEMAS, schema) ? SCHEMAS[schema] : undefined;
  if (own === undefined) throw templateError(`its schema is "${schema}", expected one of ${Object.keys(SCHEMAS).join(", ")}`);
  if (type !== undefined && type !== own) throw templateError(`its schema is "${schema}", which is no ${type} template`);
  return { type: own, body: own === "semver" ? parseMap(document, true) : loose };
}

function parseMap(text: string, uniqueKeys: boolean): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = parseGoYaml(text, { uniqueKeys });
  } catch (error) {
    if (error instanceof YamlSyntaxError) throw templateError(`line ${error.line}: ${error.message}`, error);
    throw error;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw templateError("expected a map");
  return value as Readonly<Record<string, unknown>>;
}
