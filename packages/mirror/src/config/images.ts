import { isTag } from "@skerry/oci";
import { compileGoExpression } from "./blocked.ts";
import type { Faults } from "./faults.ts";
import { defined } from "./operators.ts";
import { readPlatforms } from "./platforms.ts";
import type { AdditionalImageInput } from "./schema.ts";
import { isTargetPath, readImageSource } from "./sources.ts";
import type { AdditionalImageConfig, BlockedImageRule } from "./types.ts";
import type { TreePath } from "./yaml-tree.ts";

/** Checks `mirror.additionalImages`. The same image twice is harmless and allowed. */
export function readAdditionalImages(inputs: readonly (AdditionalImageInput | undefined)[], faults: Faults): AdditionalImageConfig[] {
  return inputs.flatMap((input, index) => (input && readImage(input, ["mirror", "additionalImages", index], faults)) ?? []);
}

/** Checks and compiles `mirror.blockedImages`. */
export function readBlockedImages(inputs: readonly ({ readonly name: string } | undefined)[], faults: Faults): BlockedImageRule[] {
  return inputs.flatMap((input, index) => {
    if (input === undefined) return [];
    const { name } = input;
    const path = ["mirror", "blockedImages", index, "name"];
    const { expression, fault } = compileGoExpression(name);
    if (fault === undefined) return { name, expression, position: faults.at(path) };
    faults.add(
      path,
      `${JSON.stringify(name)} is not a regular expression of Go's: ${fault}`,
      "Put a backslash before characters that are meant literally.",
    );
    return [];
  });
}

function readImage(input: AdditionalImageInput, path: TreePath, faults: Faults): AdditionalImageConfig | undefined {
  const { source, fault } = readImageSource(input.name);
  if (fault !== undefined) faults.add([...path, "name"], `cannot read the image: ${fault.message}`, fault.suggestion);
  if (input.targetRepo !== undefined && !isTargetPath(input.targetRepo)) {
    faults.add(
      [...path, "targetRepo"],
      `${JSON.stringify(input.targetRepo)} is not a repository path without tag and digest`,
      "Write lower-case path components; the tag goes into targetTag.",
    );
  }
  if (input.targetTag !== undefined && !isTag(input.targetTag)) {
    faults.add(
      [...path, "targetTag"],
      `${JSON.stringify(input.targetTag)} is not a tag`,
      "Write at most 128 letters, digits, dots, dashes and underscores.",
    );
  }
  const platforms = readPlatforms(input.platforms ?? [], [...path, "platforms"], faults);
  if (source === undefined || source.kind === "path") return undefined;
  return {
    name: input.name,
    source,
    ...defined({ targetRepo: input.targetRepo, targetTag: input.targetTag }),
    platforms,
    position: faults.at(path),
  };
}
