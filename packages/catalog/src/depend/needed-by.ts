import { decodeBundle } from "../model/decode-bundle.ts";
import { ShapeError } from "../model/decode-channel.ts";
import type { Bundle, Catalog } from "../types.ts";
import { byBytes } from "../write/go-json.ts";
import { gvkText, providedApis, type Requirement, requirementsOf, requirementText } from "./requirements.ts";

/** A need of some bundles of a package. */
export interface PackageNeed {
  readonly package: string;
  /** In words: `package strimzi >=0.30.0`. */
  readonly need: string;
  /** Bundles that have it, sorted. */
  readonly bundles: readonly string[];
}

/** What a package needs, and what needs it. */
export interface PackageNeeds {
  /** By need. */
  readonly requires: readonly PackageNeed[];
  /** Other packages of the catalog that name it, or an API that one of its bundles provides; by package and need. */
  readonly neededBy: readonly PackageNeed[];
}

/**
 * Looks for the needs around a package, in both directions. Reads every bundle of the catalog once; one that cannot be read
 * needs nothing.
 */
export async function packageNeeds(catalog: Catalog, packageName: string): Promise<PackageNeeds> {
  const apis = new Set<string>();
  const needs = new Map<string, { readonly package: string; readonly requirement: Requirement; readonly bundles: string[] }>();
  for await (const { document, body } of catalog.documents((one) => one.schema === "olm.bundle")) {
    const bundle = readable(body);
    if (bundle === undefined) continue;
    if (document.package === packageName) for (const gvk of providedApis(bundle)) apis.add(gvkText(gvk));
    for (const requirement of requirementsOf(bundle)) {
      const key = `${document.package}\n${requirementText(requirement)}`;
      const known = needs.get(key) ?? { package: document.package, requirement, bundles: [] };
      known.bundles.push(document.name);
      needs.set(key, known);
    }
  }
  const all = [...needs.keys()].sort(byBytes).flatMap((key) => needs.get(key) ?? []);
  const told = ({ package: owner, requirement, bundles }: (typeof all)[number]): PackageNeed => ({
    package: owner,
    need: requirementText(requirement),
    bundles: bundles.sort(byBytes),
  });
  return {
    requires: all.filter((one) => one.package === packageName).map(told),
    neededBy: all.filter((one) => one.package !== packageName && isAbout(one.requirement, packageName, apis)).map(told),
  };
}

function isAbout(requirement: Requirement, packageName: string, apis: ReadonlySet<string>): boolean {
  switch (requirement.kind) {
    case "package":
      return requirement.package === packageName;
    case "gvk":
      return apis.has(gvkText(requirement.gvk));
    case "all":
    case "any":
      return requirement.of.some((one) => isAbout(one, packageName, apis));
    case "note":
      return false;
  }
}

function readable(body: Readonly<Record<string, unknown>>): Bundle | undefined {
  try {
    return decodeBundle(body);
  } catch (error) {
    if (error instanceof ShapeError) return undefined;
    throw error;
  }
}
