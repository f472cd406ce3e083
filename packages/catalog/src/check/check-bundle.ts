import { foldedMember } from "../scan/fold.ts";
import { releaseFault } from "../version/release.ts";
import { tryParseVersion } from "../version/version.ts";
import { parseGoYaml } from "../yaml/parse-yaml.ts";
import { YamlSyntaxError } from "../yaml/yaml-syntax-error.ts";
import type { Finding } from "./finding.ts";
import { type GoShape, shapeFault } from "./go-shape.ts";
import { isOpmImage } from "./image-name.ts";
import type { OpmRules } from "./opm-release.ts";
import { DOCUMENT_SHAPES, PROPERTY_SHAPES } from "./schemas.ts";

/** What the checks of a whole package need to know of a bundle. */
export interface CheckedBundle {
  readonly name: string;
  readonly version: string;
  readonly release: string;
  readonly hasImage: boolean;
  readonly hasObjects: boolean;
  /** How many of its images are named by tag only. */
  readonly taggedImages: number;
}

export interface BundleCheck {
  readonly bundle: CheckedBundle;
  readonly findings: readonly Finding[];
}

/** The rules for one bundle document. */
export function checkBundle(body: Readonly<Record<string, unknown>>, rules: OpmRules): BundleCheck {
  const name = text(foldedMember(body, "name"));
  const owner = text(foldedMember(body, "package"));
  const image = text(foldedMember(body, "image"));
  const findings: Finding[] = [];
  const found = (rule: string, message: string, more: Partial<Finding> = {}): void => {
    findings.push({ rule, message: `Bundle "${name}": ${message}`, package: owner, bundle: name, ...more });
  };
  const shape = shapeFault(body, DOCUMENT_SHAPES["olm.bundle"] ?? "any", "");
  if (shape !== undefined) found("bundle-types", shape);
  if (owner === "") found("bundle-package", "it names no package");
  const properties = list(foldedMember(body, "properties"));
  checkProperties(properties, found);
  const identity = packageProperty(properties, { name, owner, rules, found });
  const related = list(foldedMember(body, "relatedImages"));
  if (rules.has("imageName")) checkImages(image, related, found);
  const images = new Set([image, ...related.map(imageOf)]);
  const taggedImages = [...images].filter((reference) => reference !== "" && !reference.includes("@")).length;
  const hasObjects = properties.some((property) => typeOf(property) === "olm.bundle.object");
  return { bundle: { name, ...identity, hasImage: image !== "", hasObjects, taggedImages }, findings };
}

type Found = (rule: string, message: string, more?: Partial<Finding>) => void;

function checkProperties(properties: readonly unknown[], found: Found): void {
  for (const [at, property] of properties.entries()) {
    const type = typeOf(property);
    const value =
      typeof property === "object" && property !== null ? foldedMember(property as Record<string, unknown>, "value") : undefined;
    const field = `properties[${at}]`;
    const missing = value === undefined ? `${field} of type "${type}" has no value` : undefined;
    const fault = missing ?? shapeFault(value, shapeOfProperty(type), `${field}.value`);
    const broken = fault === undefined && type === "olm.bundle.object" ? objectFault(value) : undefined;
    if (fault !== undefined) found("bundle-properties", fault, { field });
    if (broken !== undefined) found("bundle-objects", `${field} holds no manifest: ${broken}`, { field });
  }
}

/** Types are publishers' text, and may be the names of what every object has. */
function shapeOfProperty(type: string): GoShape {
  return (Object.hasOwn(PROPERTY_SHAPES, type) ? PROPERTY_SHAPES[type] : undefined) ?? "any";
}

/** Manifests are JSON as opm writes them, or YAML; anything that parses will do. */
function objectFault(value: unknown): string | undefined {
  const data = text(foldedMember((value ?? {}) as Record<string, unknown>, "data"));
  const manifest = Buffer.from(data, "base64").toString("utf8");
  try {
    JSON.parse(manifest);
    return undefined;
  } catch {
    // YAML, then.
  }
  try {
    parseGoYaml(manifest);
    return undefined;
  } catch (error) {
    if (error instanceof YamlSyntaxError) return error.message;
    throw error;
  }
}

interface IdentityContext {
  readonly name: string;
  readonly owner: string;
  readonly rules: OpmRules;
  readonly found: Found;
}

function packageProperty(
  properties: readonly unknown[],
  { name, owner, rules, found }: IdentityContext,
): { version: string; release: string } {
  const own = properties.filter((property) => typeOf(property) === "olm.package");
  if (own.length !== 1) found("bundle-identity", `it needs exactly one "olm.package" property and has ${own.length}`);
  const value = (foldedMember((own[0] ?? {}) as Record<string, unknown>, "value") ?? {}) as Record<string, unknown>;
  if (own.length === 0 || typeof value !== "object") return { version: "", release: "" };
  const packageName = text(foldedMember(value, "packageName"));
  const version = text(foldedMember(value, "version"));
  const release = text(foldedMember(value, "release"));
  if (packageName !== owner) found("bundle-identity", `its "olm.package" property names package "${packageName}", the bundle "${owner}"`);
  const parsed = tryParseVersion(version);
  if (parsed === undefined) found("bundle-version", `version ${JSON.stringify(version)} is no semantic version`, { original: version });
  if (release !== "" && rules.has("release")) {
    const fault = releaseFault(release);
    if (fault !== undefined) found("bundle-release", `release ${JSON.stringify(release)}: ${fault}`, { original: release });
    else if (parsed !== undefined && parsed.build.length > 0) found("bundle-release", "a release and build metadata exclude each other");
    else if (name !== `${owner}-v${version}-${release}`)
      found("bundle-release", `with a release the name must be "${owner}-v${version}-${release}"`);
  }
  return { version, release };
}

function checkImages(image: string, related: readonly unknown[], found: Found): void {
  if (image !== "" && !isOpmImage(image)) invalidImage("image", image, found);
  related.forEach((entry, at) => {
    const reference = imageOf(entry);
    if (reference !== "" && !isOpmImage(reference)) invalidImage(`relatedImages[${at}].image`, reference, found);
  });
}

function invalidImage(field: string, original: string, found: Found): void {
  found("bundle-image", `${field}: ${JSON.stringify(original)} is no image reference`, { field, original, code: "REF_INVALID" });
}

function imageOf(entry: unknown): string {
  return typeof entry === "object" && entry !== null ? text(foldedMember(entry as Record<string, unknown>, "image")) : "";
}

function typeOf(property: unknown): string {
  return typeof property === "object" && property !== null ? text(foldedMember(property as Record<string, unknown>, "type")) : "";
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
