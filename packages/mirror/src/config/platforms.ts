import { KNOWN_ARCHITECTURES, KNOWN_SYSTEMS, type Platform } from "@skerry/oci";
import type { Faults } from "./faults.ts";
import { nearestWord } from "./nearest.ts";
import type { OperatorsInput } from "./schema.ts";
import type { TreePath } from "./yaml-tree.ts";

const ALIASES: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };

/** Checks a list of platforms. A name that no image has would leave every image out, so it is refused. */
export function readPlatforms(inputs: NonNullable<OperatorsInput["platforms"]>, path: TreePath, faults: Faults): Platform[] {
  return inputs.map((input, index) => {
    const architecture = ALIASES[input.architecture] ?? input.architecture;
    checkKnown(input.os, { known: KNOWN_SYSTEMS, what: "operating system", path: [...path, index, "os"] }, faults);
    checkKnown(architecture, { known: KNOWN_ARCHITECTURES, what: "architecture", path: [...path, index, "architecture"] }, faults);
    return { os: input.os, architecture, ...(input.variant === undefined ? {} : { variant: input.variant }) };
  });
}

function checkKnown(
  name: string,
  place: { readonly known: readonly string[]; readonly what: string; readonly path: TreePath },
  faults: Faults,
): void {
  if (place.known.includes(name)) return;
  const nearest = nearestWord(name, place.known);
  const suggestion =
    nearest === undefined ? `Known are ${place.known.slice(0, 6).join(", ")} and others of Go's.` : `Did you mean ${nearest}?`;
  faults.add(place.path, `${JSON.stringify(name)} is no known ${place.what}`, suggestion);
}
