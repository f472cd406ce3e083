import { member } from "../document/shape.ts";
import type { Bundle } from "../types.ts";

export interface Gvk {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** What a bundle needs from others. */
export type Requirement =
  | { readonly kind: "package"; readonly package: string; readonly range: string }
  | { readonly kind: "gvk"; readonly gvk: Gvk }
  | { readonly kind: "all" | "any"; readonly of: readonly Requirement[] }
  /** A condition that is not followed: `not`, `cel`, or one that cannot be read. */
  | { readonly kind: "note"; readonly text: string };

const MAX_DEPTH = 16;

/** Requirements of a bundle: `olm.package.required`, `olm.gvk.required` and `olm.constraint`, in their order. */
export function requirementsOf(bundle: Pick<Bundle, "properties">): readonly Requirement[] {
  return bundle.properties.flatMap((property) => {
    switch (property.type) {
      case "olm.package.required":
        return [packageRequirement(property.value)];
      case "olm.gvk.required":
        return [gvkRequirement(property.value)];
      case "olm.constraint":
        return [constraint(property.value, 0)];
      default:
        return [];
    }
  });
}

/** APIs that a bundle provides. */
export function providedApis(bundle: Pick<Bundle, "properties">): readonly Gvk[] {
  return bundle.properties.filter((property) => property.type === "olm.gvk").map((property) => gvkOf(property.value));
}

/** `apps/v1/Deployment`, as one text. */
export function gvkText(gvk: Gvk): string {
  return `${gvk.group}/${gvk.version}/${gvk.kind}`;
}

/** A requirement in words, for messages. */
export function requirementText(need: Requirement): string {
  switch (need.kind) {
    case "package":
      return `package ${need.package} ${need.range}`.trim();
    case "gvk":
      return `API ${gvkText(need.gvk)}`;
    case "all":
    case "any":
      return `${need.kind} of (${need.of.map(requirementText).join("; ")})`;
    case "note":
      return need.text;
  }
}

function packageRequirement(value: unknown): Requirement {
  return { kind: "package", package: text(member(value, "packageName")), range: text(member(value, "versionRange")) };
}

function gvkRequirement(value: unknown): Requirement {
  return { kind: "gvk", gvk: gvkOf(value) };
}

function gvkOf(value: unknown): Gvk {
  return { group: text(member(value, "group")), version: text(member(value, "version")), kind: text(member(value, "kind")) };
}

function constraint(value: unknown, depth: number): Requirement {
  if (depth > MAX_DEPTH) return { kind: "note", text: "a constraint nested too deeply" };
  if (member(value, "package") !== undefined) return packageRequirement(member(value, "package"));
  if (member(value, "gvk") !== undefined) return gvkRequirement(member(value, "gvk"));
  for (const kind of ["all", "any"] as const) {
    const list = member(value, kind, "constraints");
    if (Array.isArray(list)) return { kind, of: (list as readonly unknown[]).map((one) => constraint(one, depth + 1)) };
  }
  if (member(value, "cel") !== undefined) return { kind: "note", text: `an expression (cel): ${text(member(value, "cel", "rule"))}` };
  if (member(value, "not") !== undefined) return { kind: "note", text: "an exclusion (not)" };
  return { kind: "note", text: "a constraint of an unknown kind" };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
