import { formatReference, type Reference } from "@skerry/oci";
import type { Bundle, CatalogProblem } from "../types.ts";
import type { LooseReference, ReferenceRepair } from "./loose-reference.ts";

/** Where a reference stands and what was written there. */
export interface ReferencePlace {
  readonly bundle: Pick<Bundle, "name" | "package">;
  readonly field: string;
  readonly original: string;
}

/** Row for a reference that was usable after a repair of its own text. */
export function repairedProblem(at: ReferencePlace, repair: ReferenceRepair, reference: Reference): CatalogProblem {
  const result = formatReference(reference);
  return {
    ...place(at),
    code: repair.code,
    severity: "warning",
    action: "repaired",
    result,
    message: `${at.field} of ${at.bundle.name} says ${JSON.stringify(at.original)}: ${repair.what}; ${result} is used`,
    hint: "Tell the publisher; nothing else is to be done.",
  };
}

/** Where the text of a broken entry was found. */
export interface FoundReference {
  readonly key: "image" | "value";
  readonly reference: Reference;
  readonly where: "the entry" | "the CSV" | "the CSV inside the bundle image";
}

/** Row for an entry whose text was found under another key or in the CSV. */
export function foundProblem(at: ReferencePlace, found: FoundReference): CatalogProblem {
  const result = formatReference(found.reference);
  const broken = at.original.trim() === "" ? "is empty" : `says ${JSON.stringify(at.original)}`;
  return {
    ...place(at),
    code: found.key === "value" ? "REF_VALUE_KEY" : at.original.trim() === "" ? "REF_EMPTY" : "REF_INVALID",
    severity: "warning",
    action: "repaired",
    result,
    message: `${at.field} of ${at.bundle.name} ${broken}, but ${found.where} has the reference under "${found.key}"; ${result} is used`,
    hint: "Tell the publisher to write it as image; nothing else is to be done.",
  };
}

/** Row for a reference that nothing could mend. */
export function brokenProblem(at: ReferencePlace, read: Extract<LooseReference, { ok: false }>): CatalogProblem {
  const loss =
    at.field === "image"
      ? `the bundle ${at.bundle.name} itself cannot be mirrored, and a cluster that installs this version fails to unpack it`
      : `an operand that needs this image cannot start on the cluster; other images of ${at.bundle.name} are not touched`;
  return {
    ...place(at),
    code: read.code,
    severity: "error",
    action: "dropped",
    message: `${at.field} of ${at.bundle.name} cannot be used: ${read.what}; without it, ${loss}`,
    hint: `Add the image under additionalImages if you know it, and accept the loss with --waive ${read.code}=${at.bundle.name}.`,
  };
}

function place(at: ReferencePlace): Pick<CatalogProblem, "subject" | "package" | "bundle" | "field" | "original"> {
  return { subject: at.bundle.name, package: at.bundle.package, bundle: at.bundle.name, field: at.field, original: at.original };
}
