import type { Catalog, CatalogDocument, CatalogProblem, PackageInfo } from "../types.ts";
import { type CheckedBundle, checkBundle } from "./check-bundle.ts";
import { checkDeprecations } from "./check-deprecations.ts";
import { checkChannelDocument, checkPackage, checkPackageDocument } from "./check-package.ts";
import { type Finding, problemOf } from "./finding.ts";
import { lintBundle } from "./lint-bundle.ts";
import { lintPackage, lintTags } from "./lint-package.ts";
import { type OpmRules, opmRules } from "./opm-release.ts";

export interface ValidateOptions {
  /** Release of opm whose rules decide, such as `1.73`. */
  readonly opm?: string | undefined;
  /** Also look for what opm accepts and a cluster stumbles over. Default true. */
  readonly lints?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The verdict on a catalog. */
export interface Validation {
  /** No row is an error: opm of the named release accepts the catalog. */
  readonly valid: boolean;
  readonly opm: string;
  /** Sorted by package, channel, bundle, then in the order found. */
  readonly problems: readonly CatalogProblem[];
}

/**
 * Checks every document and every upgrade graph. Unlike opm it does not stop at the first error, and one bad package
 * hides no other. Reads each document once and keeps only names and versions.
 *
 * @throws CatalogError UNSUPPORTED for a release that is none.
 */
export async function validateCatalog(catalog: Catalog, options: ValidateOptions = {}): Promise<Validation> {
  const rules = opmRules(options.opm);
  const check = new CatalogCheck(catalog, rules, options.lints ?? true);
  // What was left out when the catalog was opened is not among its documents.
  for (const problem of catalog.problems) check.add({ rule: "document-invalid", ...problem, action: "kept" });
  await check.documents(options.signal);
  for (const info of catalog.packages) {
    check.package(info);
    check.lint(info);
  }
  const problems = check.sorted();
  return { valid: !problems.some((problem) => problem.severity === "error"), opm: rules.release, problems };
}

class CatalogCheck {
  readonly #catalog: Catalog;
  readonly #rules: OpmRules;
  readonly #lints: boolean;
  readonly #problems: CatalogProblem[] = [];
  readonly #bundles = new Map<string, Map<string, CheckedBundle>>();
  readonly #deprecations = new Set<string>();
  /** Where a package and its channels are written. */
  readonly #places = new Map<string, CatalogDocument>();

  constructor(catalog: Catalog, rules: OpmRules, lints: boolean) {
    this.#catalog = catalog;
    this.#rules = rules;
    this.#lints = lints;
  }

  add(problem: CatalogProblem): void {
    this.#problems.push(problem);
  }

  #found(findings: readonly Finding[], at?: CatalogDocument): void {
    for (const finding of findings) this.#problems.push(problemOf(finding, at));
  }

  async documents(signal: AbortSignal | undefined): Promise<void> {
    for await (const { document, body, error } of readable(this.#catalog)) {
      signal?.throwIfAborted();
      if (body === undefined) this.#problems.push(unreadable(document, error));
      else this.#document(document, body);
    }
  }

  #document(document: CatalogDocument, body: Readonly<Record<string, unknown>>): void {
    switch (document.schema) {
      case "olm.package":
        this.#places.set(document.name, document);
        this.#found(checkPackageDocument(body, this.#rules), document);
        if (this.#lints) this.#found(lintPackage(body, this.#catalog.package(document.name)), document);
        return;
      case "olm.channel":
        this.#places.set(`${document.package}\n${document.name}`, document);
        this.#found(checkChannelDocument(body), document);
        return;
      case "olm.bundle": {
        const { bundle, findings } = checkBundle(body, this.#rules);
        this.#bundlesOf(document.package).set(bundle.name, bundle);
        this.#found(findings, document);
        if (this.#lints) this.#found(lintBundle(body, document), document);
        return;
      }
      case "olm.deprecations":
        if (this.#deprecations.has(document.package)) {
          const message = `Deprecations of "${document.package}": the package has more than one such document`;
          this.#found([{ rule: "deprecation-twice", message, package: document.package }], document);
        }
        this.#deprecations.add(document.package);
        this.#found(checkDeprecations(body, this.#catalog.package(document.package)), document);
        return;
    }
  }

  #bundlesOf(name: string): Map<string, CheckedBundle> {
    const bundles = this.#bundles.get(name) ?? new Map<string, CheckedBundle>();
    this.#bundles.set(name, bundles);
    return bundles;
  }

  package(info: PackageInfo): void {
    for (const finding of checkPackage(info, this.#bundlesOf(info.name), this.#rules)) {
      const place = finding.channel === undefined ? undefined : this.#places.get(`${info.name}\n${finding.channel}`);
      this.#found([finding], place ?? this.#places.get(info.name));
    }
  }

  lint(info: PackageInfo): void {
    if (this.#lints) this.#found(lintTags(info, this.#bundlesOf(info.name)), this.#places.get(info.name));
  }

  sorted(): readonly CatalogProblem[] {
    const key = (problem: CatalogProblem): string => `${problem.package ?? ""}\n${problem.channel ?? ""}\n${problem.bundle ?? ""}`;
    return this.#problems.toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
  }
}

interface Readable {
  readonly document: CatalogDocument;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly error?: unknown;
}

/** Every document; one that cannot be read does not end the others. */
async function* readable(catalog: Catalog): AsyncGenerator<Readable> {
  let done = 0;
  for (;;) {
    let position = 0;
    try {
      for await (const { document, body } of catalog.documents(() => position++ >= done)) {
        yield { document, body };
        done += 1;
      }
      return;
    } catch (error) {
      const document = await documentAt(catalog, done);
      if (document === undefined) throw error;
      done += 1;
      yield { document, error };
    }
  }
}

/** The document at a position of the catalog's order, without reading it. */
async function documentAt(catalog: Catalog, position: number): Promise<CatalogDocument | undefined> {
  let seen = 0;
  let hit: CatalogDocument | undefined;
  const note = (document: CatalogDocument): boolean => {
    if (seen === position) hit = document;
    seen += 1;
    return false;
  };
  for await (const _ of catalog.documents(note)) break;
  return hit;
}

function unreadable(document: CatalogDocument, error: unknown): CatalogProblem {
  return problemOf(
    {
      rule: "document-unreadable",
      code: "CATALOG_UNREADABLE",
      message: error instanceof Error ? error.message : String(error),
      package: document.schema === "olm.package" ? document.name : document.package,
      ...(document.schema === "olm.bundle" ? { bundle: document.name } : {}),
    },
    document,
  );
}
