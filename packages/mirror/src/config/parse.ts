import { digestOf } from "@skerry/oci";
import { mendShape, setAside } from "./coerce.ts";
import { ConfigError, type ConfigFault } from "./config-error.ts";
import { readExtension } from "./extension.ts";
import { Faults } from "./faults.ts";
import { readAdditionalImages, readBlockedImages } from "./images.ts";
import { readOperators } from "./operators.ts";
import { dropEmptyStanzas, wrongApiVersion, wrongKind } from "./retired-keys.ts";
import {
  type AdditionalImageInput,
  additionalImageShape,
  blockedImageShape,
  imageSetShape,
  type OperatorsInput,
  operatorsShape,
  type SkerryInput,
  skerryShape,
} from "./schema.ts";
import { shapeFaults, valueAt } from "./shape-faults.ts";
import type { ImageSetConfig } from "./types.ts";
import { readYamlTree, type YamlTree } from "./yaml-tree.ts";

const GIB = 1024 ** 3;

/**
 * Reads an ImageSetConfiguration (`mirror.openshift.io/v2alpha1`) and checks everything that needs neither the network
 * nor another file.
 * @throws ConfigError `CONFIG_INVALID` with every fault found, in the order of the file
 */
export function parseImageSetConfig(text: string, options: { readonly path: string }): ImageSetConfig {
  const tree = readYamlTree(text);
  const header = headerFaults(tree);
  if (header.length > 0) throw new ConfigError(options.path, inFileOrder(header));
  const shape = checkShape(tree);
  const faults = new Faults(tree);
  const config = read(shape, options.path, faults);
  const found = [...tree.faults, ...shape.faults, ...faults.list];
  if (found.length > 0) throw new ConfigError(options.path, inFileOrder(found));
  return config;
}

/** What the file says, as far as its shape is right. An entry of the wrong shape leaves a hole, so that indexes stay true. */
interface Shape {
  readonly faults: readonly ConfigFault[];
  readonly archiveSize: number | undefined;
  readonly operators: readonly (OperatorsInput | undefined)[];
  readonly additionalImages: readonly (AdditionalImageInput | undefined)[];
  readonly blockedImages: readonly ({ readonly name: string } | undefined)[];
  readonly skerry: SkerryInput;
}

function checkShape(tree: YamlTree): Shape {
  dropEmptyStanzas(tree.root);
  const unknown: ConfigFault[] = [];
  let result = imageSetShape.safeParse(tree.root);
  while (!result.success) {
    unknown.push(
      ...shapeFaults(
        result.error.issues.filter((issue) => issue.code === "unrecognized_keys"),
        tree,
      ),
    );
    if (!mendShape(result.error.issues, tree)) break;
    result = imageSetShape.safeParse(tree.root);
  }
  const wrong = result.success ? [] : shapeFaults(result.error.issues, tree);
  while (!result.success && setAside(result.error.issues, tree)) result = imageSetShape.safeParse(tree.root);
  return { faults: [...unknown, ...wrong], ...partsOf(tree, result.data?.archiveSize) };
}

function partsOf(tree: YamlTree, archiveSize: number | undefined): Omit<Shape, "faults"> {
  const list = (key: string) => asList(valueAt(tree.root, ["mirror", key]));
  return {
    archiveSize,
    operators: list("operators").map((entry) => operatorsShape.safeParse(entry).data),
    additionalImages: list("additionalImages").map((entry) => additionalImageShape.safeParse(entry).data),
    blockedImages: list("blockedImages").map((entry) => blockedImageShape.safeParse(entry).data),
    skerry: skerryShape.safeParse(valueAt(tree.root, ["skerry"])).data ?? {},
  };
}

/** What tells that this is another document altogether; the rest of such a file says nothing. */
function headerFaults(tree: YamlTree): ConfigFault[] {
  if (typeof tree.root !== "object" || tree.root === null || Array.isArray(tree.root)) {
    const empty = tree.root === null || tree.root === undefined;
    if (empty && tree.faults.length > 0) return [...tree.faults];
    const message = empty ? "the file is empty" : "expected keys and values at the top";
    return [{ path: "", line: 1, column: 1, message, suggestion: "Begin with apiVersion, kind and mirror." }];
  }
  const refusal = wrongKind(valueAt(tree.root, ["kind"]));
  if (refusal === undefined) return [];
  const version = wrongApiVersion(valueAt(tree.root, ["apiVersion"]));
  return [
    ...tree.faults,
    { path: "kind", ...tree.valueAt(["kind"]), ...refusal },
    ...(version === undefined ? [] : [{ path: "apiVersion", ...tree.valueAt(["apiVersion"]), ...version }]),
  ];
}

function read(shape: Shape, path: string, faults: Faults): ImageSetConfig {
  const operators = readOperators(shape.operators, faults);
  const additionalImages = readAdditionalImages(shape.additionalImages, faults);
  const blockedImages = readBlockedImages(shape.blockedImages, faults);
  if (shape.faults.length === 0 && shape.operators.length + shape.additionalImages.length === 0) {
    faults.add(["mirror"], "there is nothing to mirror", "List catalogs under operators, or images under additionalImages.");
  }
  const { faults: _, ...content } = shape;
  return {
    path,
    digest: digestOf(new TextEncoder().encode(canonicalJson(content))),
    ...(shape.archiveSize === undefined || shape.archiveSize === 0 ? {} : { archiveSizeBytes: shape.archiveSize * GIB }),
    operators,
    additionalImages,
    blockedImages,
    skerry: readExtension(shape.skerry, { catalogs: shape.operators.map((entry) => entry?.catalog), faults }),
  };
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** JSON with sorted keys, so that the order of keys, comments and quotes do not change the digest. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === "object" && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : item,
  );
}

function inFileOrder(faults: readonly ConfigFault[]): ConfigFault[] {
  return [...faults].sort((a, b) => a.line - b.line || a.column - b.column);
}
