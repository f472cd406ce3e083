import { CatalogError } from "../errors.ts";
import { channelGraph } from "../model/channel-graph.ts";
import { selectPackages } from "../select/select-packages.ts";
import type { Catalog, CatalogProblem, CatalogSelection, PackageInfo, PackageSelection, Selected, VersionWish } from "../types.ts";
import { apiIndex, apiProvider, type Provider, packageProvider } from "./providers.ts";
import { type Requirement, requirementsOf, requirementText } from "./requirements.ts";

/** What was needed, by whom, and what was taken for it. */
export interface DependencyChoice {
  readonly package: string;
  readonly bundle: string;
  /** In words: `package strimzi >=0.30.0`. */
  readonly need: string;
  /** Missing when nothing in the catalog meets the need. */
  readonly provider?: Provider;
  /** Why this one, or why none. */
  readonly reason: string;
}

export interface DependencyOptions {
  /** `report` tells what is missing, `resolve` adds it to the selection, `off` does nothing. */
  readonly mode: "report" | "resolve" | "off";
  readonly signal?: AbortSignal | undefined;
}

export interface DependencyResult {
  /** The selection, with what was added. */
  readonly selection: CatalogSelection;
  readonly selected: Selected;
  /** By package, bundle and need. */
  readonly choices: readonly DependencyChoice[];
  readonly problems: readonly CatalogProblem[];
}

/** Each round adds at least one package or version, so this is never reached by a catalog that ends. */
const MAX_ROUNDS = 1000;

/**
 * Selects, looks at what the kept bundles need, and, with `resolve`, adds what is missing until nothing is. For a missing
 * package the head of its default channel is taken when it fits, else the newest version that does. Conditions that only
 * a cluster can evaluate are told and not followed.
 *
 * @throws CatalogError as {@link selectPackages}
 */
export async function resolveDependencies(
  catalog: Catalog,
  selection: CatalogSelection,
  options: DependencyOptions,
): Promise<DependencyResult> {
  let current = selection;
  let selected = selectPackages(catalog, current);
  if (options.mode === "off" || selected.unchanged) return { selection: current, selected, choices: [], problems: [] };
  const study = new Study(catalog);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    options.signal?.throwIfAborted();
    const choices = await study.choices(selected);
    const missing = choices.flatMap((choice) => (choice.provider === undefined || choice.provider.kept ? [] : [choice.provider]));
    const next = options.mode === "resolve" ? withProviders(catalog, current, missing) : current;
    if (options.mode === "report" || missing.length === 0 || next === current) {
      return { selection: current, selected, choices, problems: choices.flatMap((choice) => choiceRows(choice, options.mode)) };
    }
    current = next;
    selected = selectPackages(catalog, current);
  }
  throw new CatalogError({
    code: "SELECTION_INVALID",
    message: `Cannot resolve dependencies of ${catalog.name}: no end after ${MAX_ROUNDS} rounds`,
  });
}

/** Reads what bundles need, each once. */
class Study {
  readonly #catalog: Catalog;
  readonly #needs = new Map<string, readonly Requirement[]>();
  #apis: ReadonlyMap<string, readonly (readonly [string, string])[]> | undefined;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  async choices(selected: Selected): Promise<readonly DependencyChoice[]> {
    const choices: DependencyChoice[] = [];
    for (const { name, bundles } of selected.packages) {
      for (const bundle of bundles) {
        for (const need of await this.#needsOf(name, bundle)) {
          choices.push(...(await this.#choose({ package: name, bundle }, need, selected)));
        }
      }
    }
    return choices;
  }

  async #needsOf(owner: string, bundle: string): Promise<readonly Requirement[]> {
    const key = `${owner}\n${bundle}`;
    const known = this.#needs.get(key);
    if (known !== undefined) return known;
    const needs = await readNeeds(this.#catalog, owner, bundle);
    this.#needs.set(key, needs);
    return needs;
  }

  async #choose(
    who: { readonly package: string; readonly bundle: string },
    need: Requirement,
    selected: Selected,
  ): Promise<readonly DependencyChoice[]> {
    const text = requirementText(need);
    switch (need.kind) {
      case "note":
        return [{ ...who, need: text, reason: "only a cluster can evaluate it" }];
      case "all":
        return (await Promise.all(need.of.map((one) => this.#choose(who, one, selected)))).flat();
      case "any": {
        const options = await Promise.all(need.of.map((one) => this.#choose(who, one, selected)));
        const met = options.filter((choices) => choices.every((choice) => choice.provider !== undefined));
        const best = met.find((choices) => choices.every((choice) => choice.provider?.kept === true)) ?? met[0];
        return best ?? [{ ...who, need: text, reason: "no alternative can be met from this catalog" }];
      }
      case "package": {
        const info = this.#catalog.package(need.package);
        const provider = info === undefined ? undefined : packageProvider(info, need.range, selected);
        return [
          { ...who, need: text, ...reasoned(provider, info === undefined ? "the catalog has no such package" : "no version of it fits") },
        ];
      }
      case "gvk": {
        this.#apis ??= await apiIndex(this.#catalog);
        const provider = apiProvider(this.#catalog, need.gvk, { index: this.#apis, selected });
        return [{ ...who, need: text, ...reasoned(provider, "no bundle of the catalog provides it") }];
      }
    }
  }
}

/** A bundle that cannot be read is a row for whoever reads it to use it; here it needs nothing. */
async function readNeeds(catalog: Catalog, owner: string, bundle: string): Promise<readonly Requirement[]> {
  try {
    return requirementsOf(await catalog.bundle(owner, bundle));
  } catch (error) {
    if (
      error instanceof CatalogError &&
      (error.code === "BUNDLE_INVALID" || error.code === "DOCUMENT_INVALID" || error.code === "BUNDLE_UNKNOWN")
    )
      return [];
    throw error;
  }
}

function reasoned(provider: Provider | undefined, none: string): { readonly provider?: Provider; readonly reason: string } {
  if (provider === undefined) return { reason: none };
  const reason = provider.kept ? "it is kept already" : `the head of channel "${provider.channel}", or the newest version there that fits`;
  return { provider, reason };
}

/** The selection with the providers added; the same one when nothing is new. */
function withProviders(catalog: Catalog, selection: CatalogSelection, providers: readonly Provider[]): CatalogSelection {
  const named = selection.packages ?? [];
  const chosen = named.length > 0 ? named : catalog.packages.map((info): PackageSelection => ({ name: info.name }));
  const packages = new Map(chosen.map((one) => [one.name, one]));
  let changed = false;
  for (const provider of providers) {
    const before = packages.get(provider.package);
    const info = catalog.package(provider.package);
    const after = before === undefined || info === undefined ? newPackage(provider) : extended(before, provider, info);
    if (after === before) continue;
    packages.set(provider.package, after);
    changed = true;
  }
  return changed ? { ...selection, packages: [...packages.values()] } : selection;
}

function newPackage(provider: Provider): PackageSelection {
  return { name: provider.package, anyDefault: true, channels: [{ name: provider.channel, versions: [provider.version] }] };
}

/** Adds a version to a package that is selected already; a range of the user's is left as it is. */
function extended(before: PackageSelection, provider: Provider, info: PackageInfo): PackageSelection {
  if (hasRange(before)) return before;
  const named = before.channels ?? [];
  const every = info.channels.map((channel): NonNullable<PackageSelection["channels"]>[number] => ({ name: channel.name }));
  const channels = named.length > 0 ? named : every;
  const own = channels.find((channel) => channel.name === provider.channel);
  if (own === undefined) return { ...before, channels: [...channels, { name: provider.channel, versions: [provider.version] }] };
  if (hasRange(own) || own.versions?.includes(provider.version) === true) return before;
  const versions = [...(own.versions ?? headVersion(info, provider.channel)), provider.version];
  return { ...before, channels: channels.map((channel) => (channel === own ? { name: own.name, versions } : channel)) };
}

function hasRange(wish: VersionWish): boolean {
  return wish.minVersion !== undefined || wish.maxVersion !== undefined || wish.range !== undefined;
}

/** The head that is kept where no versions were named. */
function headVersion(info: PackageInfo, channelName: string): readonly string[] {
  const channel = info.channels.find(({ name }) => name === channelName);
  const head = channel === undefined ? undefined : channelGraph(channel).heads[0];
  const version = head === undefined ? undefined : info.bundles.get(head)?.version;
  return version === undefined ? [] : [version];
}

function choiceRows(choice: DependencyChoice, mode: DependencyOptions["mode"]): readonly CatalogProblem[] {
  const { provider } = choice;
  if (provider?.kept === true) return [];
  const found =
    provider === undefined ? choice.reason : `${provider.package} ${provider.version} of channel "${provider.channel}" would meet it`;
  return [
    {
      code: "DEPENDENCY_UNMET",
      severity: provider === undefined && choice.reason.startsWith("only a cluster") ? "info" : "warning",
      subject: `${choice.package}/${choice.bundle}`,
      package: choice.package,
      bundle: choice.bundle,
      original: choice.need,
      action: "kept",
      message: `Bundle "${choice.bundle}" needs ${choice.need}: ${found}`,
      hint:
        provider === undefined
          ? "Mirror a catalog that has it, or install it on the cluster by other means."
          : mode === "report"
            ? `Add package "${provider.package}" to the selection, or let dependencies be resolved.`
            : `The selection names other versions of package "${provider.package}"; widen it.`,
    },
  ];
}
