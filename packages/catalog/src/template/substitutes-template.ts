import { validateCatalog } from "../check/validate-catalog.ts";
import { asList, asText, member } from "../document/shape.ts";
import { bundleCsv } from "../images/bundle-csv.ts";
import { decodeBundle } from "../model/decode-bundle.ts";
import { decodeChannel } from "../model/decode-channel.ts";
import { foldedMember } from "../scan/fold.ts";
import type { Bundle, ChannelEntry } from "../types.ts";
import { comparePre, compareVersions, tryParseVersion } from "../version/version.ts";
import { documentsCatalog } from "./documents-catalog.ts";
import { bundleBody, bundleIdentity, type TemplateDocument, type TemplateSource } from "./template-documents.ts";
import { templateError } from "./template-input.ts";

interface Substitution {
  readonly name: string;
  readonly base: string;
}

/**
 * A catalog in which bundles are replaced by rebuilt ones: the substitute takes its base's place in every channel, skips
 * it, and the base loses its edges.
 */
export async function substitutesTemplate(
  body: Readonly<Record<string, unknown>>,
  source: TemplateSource,
): Promise<readonly TemplateDocument[]> {
  let documents = asList(foldedMember(body, "entries")) as readonly TemplateDocument[];
  await checkValid(documents, "its entries are no valid catalog");
  const substitutions = asList(foldedMember(body, "substitutions")).map((one) => ({
    name: asText(member(one, "name")),
    base: asText(member(one, "base")),
  }));
  checkDistinct(substitutions);
  for (const substitution of substitutions) {
    documents = await substituted(documents, substitution, source);
    await checkValid(documents, `with ${substitution.name} for ${substitution.base} it is no valid catalog`);
  }
  return documents;
}

async function checkValid(documents: readonly TemplateDocument[], what: string): Promise<void> {
  const catalog = await documentsCatalog(documents);
  const { valid, problems } = await validateCatalog(catalog, { lints: false });
  await catalog.close();
  if (!valid) throw templateError(`${what}: ${problems.find((problem) => problem.severity === "error")?.message ?? ""}`);
}

function checkDistinct(substitutions: readonly Substitution[]): void {
  const bases = new Set<string>();
  const names = new Set<string>();
  for (const { name, base } of substitutions) {
    if (bases.has(base)) throw templateError(`base "${base}" is substituted twice`);
    if (names.has(name)) throw templateError(`"${name}" substitutes two bases`);
    bases.add(base);
    names.add(name);
  }
}

async function substituted(
  documents: readonly TemplateDocument[],
  { name, base }: Substitution,
  source: TemplateSource,
): Promise<readonly TemplateDocument[]> {
  if (name === "") throw templateError(`the substitute of "${base}" has no name`);
  if (base === "") throw templateError(`the base of "${name}" is empty`);
  if (name === base) throw templateError(`"${name}" cannot substitute itself`);
  const own = documents.find((document) => document["schema"] === "olm.bundle" && document["name"] === base);
  if (own === undefined) throw templateError(`base "${base}" is not in the catalog`);
  const old = decodeBundle(own);
  const bundle = await source(name);
  if (compareReleases(old, bundle) >= 0) throw templateError(`base "${base}" is not less than its substitute "${bundle.name}"`);
  const changed = documents.map((document) =>
    document["schema"] === "olm.channel" ? withSubstitute(document, base, bundle.name) : document,
  );
  return [...changed, bundleBody(bundle)];
}

/** The substitute takes the edges of its base; what named the base names it, also where the base itself is no entry. */
function withSubstitute(document: TemplateDocument, base: string, name: string): TemplateDocument {
  const { entries } = decodeChannel(asText(document["name"]), document);
  const old = entries.find((entry) => entry.name === base);
  const moved = entries.map((entry): ChannelEntry => {
    const skips = entry.skips ?? [];
    if (entry.name === base) return { name: base };
    if (entry.replaces === base) return { ...entry, replaces: name, skips: [...skips, base] };
    return skips.includes(base) ? { ...entry, skips: [...skips.filter((skip) => skip !== base), name] } : entry;
  });
  const added = old === undefined ? [] : [{ ...old, name, skips: [...(old.skips ?? []), base] }];
  return { ...document, entries: [...moved, ...added] };
}

/** By version, then by release; build metadata counts as a release for bundles that say which one they substitute. */
function compareReleases(a: Bundle, b: Bundle): number {
  const left = versionRelease(a);
  const right = versionRelease(b);
  if (left === undefined || right === undefined) return 0;
  const order = compareVersions(left.version, right.version);
  if (order !== 0) return order;
  if (left.release.length === 0 || right.release.length === 0) return Math.sign(left.release.length - right.release.length);
  return comparePre(left.release, right.release);
}

function versionRelease(
  bundle: Bundle,
): { readonly version: NonNullable<ReturnType<typeof tryParseVersion>>; readonly release: readonly string[] } | undefined {
  const { version: text, release } = bundleIdentity(bundle);
  const version = tryParseVersion(text);
  if (version === undefined) return undefined;
  if (release !== "") return { version, release: release.split(".") };
  return { version, release: substitutesFor(bundle) ? version.build : [] };
}

function substitutesFor(bundle: Bundle): boolean {
  const metadata = bundle.properties.find((property) => property.type === "olm.csv.metadata")?.value;
  const annotations = [member(metadata, "annotations"), member(bundleCsv(bundle), "metadata", "annotations")];
  return annotations.some((one) => asText(member(one, "olm.substitutesFor")) !== "");
}
