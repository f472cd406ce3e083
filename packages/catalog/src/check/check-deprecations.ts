import { foldedMember } from "../scan/fold.ts";
import type { PackageInfo } from "../types.ts";
import type { Finding } from "./finding.ts";
import { shapeFault } from "./go-shape.ts";
import { DOCUMENT_SHAPES } from "./schemas.ts";

/** The rules for an `olm.deprecations` document. `info` is its package; undefined when there is none. */
export function checkDeprecations(body: Readonly<Record<string, unknown>>, info: PackageInfo | undefined): readonly Finding[] {
  const owner = text(foldedMember(body, "package"));
  const findings: Finding[] = [];
  const found = (message: string, more: Partial<Finding> = {}): void => {
    findings.push({ rule: "deprecation-target", message: `Deprecations of "${owner}": ${message}`, package: owner, ...more });
  };
  const shape = shapeFault(body, DOCUMENT_SHAPES["olm.deprecations"] ?? "any", "");
  if (shape !== undefined) found(shape, { rule: "deprecation-types" });
  if (info === undefined) {
    found(owner === "" ? "no package is named" : "the package does not exist");
    return findings;
  }
  const seen = new Set<string>();
  const entries = foldedMember(body, "entries");
  for (const [at, value] of (Array.isArray(entries) ? (entries as readonly unknown[]) : []).entries()) {
    const entry = object(value);
    const reference = object(foldedMember(entry, "reference"));
    const schema = text(foldedMember(reference, "schema"));
    const name = text(foldedMember(reference, "name"));
    const key = `${schema}\n${name}`;
    if (seen.has(key)) found(`entries[${at}] repeats ${schema} "${name}"`);
    seen.add(key);
    const fault = targetFault(info, schema, name);
    if (fault !== undefined) found(`entries[${at}]: ${fault}`);
    if (text(foldedMember(entry, "message")) === "") found(`entries[${at}] has no message`, { rule: "deprecation-message" });
  }
  return findings;
}

function targetFault(info: PackageInfo, schema: string, name: string): string | undefined {
  switch (schema) {
    case "olm.package":
      return name === "" ? undefined : `a deprecated package has no name here, got "${name}"`;
    case "olm.channel":
      return info.channels.some((channel) => channel.name === name) ? undefined : `channel "${name}" does not exist`;
    case "olm.bundle":
      return info.bundles.has(name) ? undefined : `bundle "${name}" does not exist`;
    default:
      return schema === "" ? "the reference has no schema" : `"${schema}" cannot be deprecated`;
  }
}

function object(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
