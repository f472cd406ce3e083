import { layerPath } from "./layer-path.ts";

/** Labels by which an image says what it holds. operator-registry "labels". */
export const LABELS = {
  configs: "operators.operatorframework.io.index.configs.v1",
  database: "operators.operatorframework.io.index.database.v1",
  bundlePackage: "operators.operatorframework.io.bundle.package.v1",
} as const;

export type ImageKind =
  | { readonly kind: "configs" /** Directory relative to the image's root. */; readonly path: string }
  | { readonly kind: "database" /** File relative to the image's root. */; readonly path: string }
  | { readonly kind: "bundle" }
  /** No catalog, and why. */
  | { readonly kind: "none"; readonly why: string };

/**
 * What an image is, by its labels: a file-based catalog before a database before a bundle. Images that carry two of them
 * were moved from one format to the next and keep the older label by mistake.
 */
export function imageKind(labels: ReadonlyMap<string, string>): ImageKind {
  const configs = labels.get(LABELS.configs);
  if (configs !== undefined) return located("configs", configs);
  const database = labels.get(LABELS.database);
  if (database !== undefined) return located("database", database);
  if (labels.has(LABELS.bundlePackage)) return { kind: "bundle" };
  const others = [...labels.keys()].filter((key) => key.startsWith("operators.operatorframework.io."));
  return {
    kind: "none",
    why: others.length > 0 ? `it only has the label ${others[0]}` : "it has none of the labels of a catalog or bundle",
  };
}

function located(kind: "configs" | "database", label: string): ImageKind {
  const path = layerPath(label);
  return path === undefined || path === "" ? { kind: "none", why: `its label for ${kind} says ${JSON.stringify(label)}` } : { kind, path };
}
