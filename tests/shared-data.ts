import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const given = process.env["SKERRY_SHARED_DATA"];
const looked = given === undefined || given === "" ? resolve(import.meta.dirname, "..", "..", "shared", "data") : resolve(given);

/**
 * Folder of real catalogs, bundles and recorded answers of other tools, or undefined where it is not there. It lies beside
 * the repository as `../shared/data`; `SKERRY_SHARED_DATA` names another. Tests that need it are skipped without it.
 */
export const sharedData: string | undefined = existsSync(join(looked, "SOURCES.md")) ? looked : undefined;

/** A file or folder of the shared data, or undefined where it is not there. */
export function sharedPath(...parts: readonly string[]): string | undefined {
  if (sharedData === undefined) return undefined;
  const path = join(sharedData, ...parts);
  return existsSync(path) ? path : undefined;
}
