import type { Bundle, CatalogProblem, RelatedImageEntry } from "../types.ts";

/** What became of the broken references of a catalog, by bundle and field. */
export class RepairBook {
  readonly #byBundle = new Map<string, Map<string, CatalogProblem>>();

  constructor(problems: readonly CatalogProblem[]) {
    for (const problem of problems) {
      if (problem.bundle === undefined || problem.field === undefined || !changesText(problem)) continue;
      const key = `${problem.package ?? ""}/${problem.bundle}`;
      const fields = this.#byBundle.get(key) ?? new Map<string, CatalogProblem>();
      fields.set(problem.field, problem);
      this.#byBundle.set(key, fields);
    }
  }

  /** The bundle as it has to be written. */
  apply(bundle: Bundle): Bundle {
    const fields = this.#byBundle.get(`${bundle.package}/${bundle.name}`);
    if (fields === undefined) return bundle;
    return {
      ...bundle,
      image: fields.get("image")?.result ?? bundle.image,
      relatedImages: bundle.relatedImages.flatMap((entry, index) => applied(entry, fields.get(`relatedImages[${index}].image`))),
    };
  }
}

/** A missing tag is no fault for a cluster: it means `latest` there too. An empty reference is tolerated everywhere. */
function changesText(problem: CatalogProblem): boolean {
  if (problem.action === "repaired") return problem.code !== "REF_NO_TAG" && problem.result !== undefined;
  return problem.action === "dropped" && problem.code === "REF_INVALID";
}

function applied(entry: RelatedImageEntry, problem: CatalogProblem | undefined): readonly RelatedImageEntry[] {
  if (problem === undefined) return [{ name: entry.name, image: entry.image }];
  return problem.result === undefined ? [] : [{ name: entry.name, image: problem.result }];
}
