import type { CatalogSelection, PackageSelection } from "@skerry/catalog";
import { isTag } from "@skerry/oci";
import type { Faults } from "./faults.ts";
import { readPlatforms } from "./platforms.ts";
import type { OperatorsInput, PackageInput } from "./schema.ts";
import { isTargetPath, readCatalogSource } from "./sources.ts";
import type { OperatorsConfig } from "./types.ts";
import { isEmptyRange, isVersionBound } from "./versions.ts";
import type { TreePath } from "./yaml-tree.ts";

/**
 * Checks `mirror.operators` and puts it into the form of the plan. The rules are those of `oc mirror`, which finds
 * some of them only after it has pulled a catalog.
 */
export function readOperators(inputs: readonly (OperatorsInput | undefined)[], faults: Faults): OperatorsConfig[] {
  const base: TreePath = ["mirror", "operators"];
  const seen = new Set<string>();
  return inputs.flatMap((input, index) => {
    if (input === undefined) return [];
    const path = [...base, index];
    const key = JSON.stringify([input.catalog, input.targetCatalog ?? "", input.targetTag ?? ""]);
    if (seen.has(key)) {
      faults.add(
        [...path, "catalog"],
        `the catalog ${input.catalog} is given twice`,
        "Put all its packages into one entry, or give the second a targetCatalog.",
      );
    }
    seen.add(key);
    return readCatalog(input, path, faults) ?? [];
  });
}

function readCatalog(input: OperatorsInput, path: TreePath, faults: Faults): OperatorsConfig | undefined {
  const { source, fault } = readCatalogSource(input.catalog);
  if (fault !== undefined) faults.add([...path, "catalog"], `cannot read the catalog: ${fault.message}`, fault.suggestion);
  checkTarget(input, path, faults);
  checkPackages(input, path, faults);
  const platforms = readPlatforms(input.platforms ?? [], [...path, "platforms"], faults);
  if (source === undefined) return undefined;
  return {
    catalog: input.catalog,
    source,
    selection: selectionOf(input),
    ...defined({
      targetCatalog: input.targetCatalog,
      targetTag: input.targetTag,
      targetCatalogSourceTemplate: input.targetCatalogSourceTemplate,
    }),
    skipDependencies: input.skipDependencies ?? false,
    platforms,
    position: faults.at(path),
  };
}

function checkTarget(input: OperatorsInput, path: TreePath, faults: Faults): void {
  if (input.targetCatalog !== undefined && !isTargetPath(input.targetCatalog)) {
    faults.add(
      [...path, "targetCatalog"],
      `${JSON.stringify(input.targetCatalog)} is not a repository path without tag and digest`,
      "Write lower-case path components, such as my-namespace/my-index; the tag goes into targetTag.",
    );
  }
  if (input.targetTag !== undefined && !isTag(input.targetTag)) {
    faults.add(
      [...path, "targetTag"],
      `${JSON.stringify(input.targetTag)} is not a tag`,
      "Write at most 128 letters, digits, dots, dashes and underscores.",
    );
  }
}

function checkPackages(input: OperatorsInput, path: TreePath, faults: Faults): void {
  const names = new Set<string>();
  for (const [index, item] of (input.packages ?? []).entries()) {
    const at = [...path, "packages", index];
    if (names.has(item.name)) faults.add([...at, "name"], `the package ${item.name} is given twice`, "Put its channels into one entry.");
    names.add(item.name);
    checkPackage(item, { full: input.full === true, path: at }, faults);
  }
}

function checkPackage(item: PackageInput, place: { readonly full: boolean; readonly path: TreePath }, faults: Faults): void {
  const { full, path } = place;
  checkRange(item, { full, path }, faults);
  const names = new Set<string>();
  for (const [index, channel] of (item.channels ?? []).entries()) {
    const at = [...path, "channels", index];
    if (names.has(channel.name)) faults.add([...at, "name"], `the channel ${channel.name} is given twice`, "Keep one of the two.");
    names.add(channel.name);
    checkRange(channel, { full, path: at }, faults);
    if (hasRange(item) && hasRange(channel)) {
      faults.add(
        at,
        "a version range of the package and one of its channel exclude each other",
        "Keep the ranges of the channels, or that of the package.",
      );
    }
  }
  if (item.defaultChannel !== undefined && names.size > 0 && !names.has(item.defaultChannel)) {
    faults.add(
      [...path, "defaultChannel"],
      `the default channel ${item.defaultChannel} is not among the channels kept`,
      `Add it under channels, or choose one of ${[...names].join(", ")}.`,
    );
  }
}

interface Range {
  readonly minVersion?: string | undefined;
  readonly maxVersion?: string | undefined;
}

function checkRange(range: Range, place: { readonly full: boolean; readonly path: TreePath }, faults: Faults): void {
  for (const key of ["minVersion", "maxVersion"] as const) {
    const text = range[key];
    if (text === undefined) continue;
    if (!isVersionBound(text))
      faults.add([...place.path, key], `${JSON.stringify(text)} is not a version`, "Write it as 1.2.3 or 1.2.3-4.");
    if (place.full) faults.add([...place.path, key], "full: true and a version range exclude each other", "Remove full, or the range.");
  }
  const { minVersion, maxVersion } = range;
  if (minVersion !== undefined && maxVersion !== undefined && isEmptyRange(minVersion, maxVersion)) {
    faults.add([...place.path, "minVersion"], `minVersion ${minVersion} is above maxVersion ${maxVersion}`, "Exchange the two.");
  }
}

function hasRange(range: Range): boolean {
  return range.minVersion !== undefined || range.maxVersion !== undefined;
}

function selectionOf(input: OperatorsInput): CatalogSelection {
  const packages = input.packages ?? [];
  return {
    ...(input.full === true ? { full: true } : {}),
    // An empty list selects as a missing one does: every package. oc mirror.
    ...(packages.length === 0 ? {} : { packages: packages.map(packageOf) }),
  };
}

function packageOf(item: PackageInput): PackageSelection {
  const channels = item.channels ?? [];
  return {
    name: item.name,
    ...defined({ defaultChannel: item.defaultChannel, minVersion: item.minVersion, maxVersion: item.maxVersion }),
    ...(channels.length === 0
      ? {}
      : {
          channels: channels.map(({ name, minVersion, maxVersion }) => ({ name, ...defined({ minVersion, maxVersion }) })),
        }),
  };
}

/** The same object without the keys that have no value. */
export function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
