import { PROBLEM_CODES } from "../problem/problem.ts";
import type { Faults } from "./faults.ts";
import { nearestWord } from "./nearest.ts";
import { defined } from "./operators.ts";
import type { SkerryInput } from "./schema.ts";
import type { SkerryExtension } from "./types.ts";

/** Checks the key `skerry` against the rest of the file; a catalog that could not be read is undefined. */
export function readExtension(
  own: SkerryInput,
  rest: { readonly catalogs: readonly (string | undefined)[]; readonly faults: Faults },
): SkerryExtension {
  const { faults } = rest;
  const catalogs = rest.catalogs.filter((catalog) => catalog !== undefined);
  for (const catalog of Object.keys(own.catalogSourceNames ?? {})) {
    // Where an entry could not be read, its catalog may be the one that is named.
    if (catalogs.includes(catalog) || catalogs.length < rest.catalogs.length) continue;
    const nearest = nearestWord(catalog, catalogs) ?? catalogs[0];
    faults.add(
      ["skerry", "catalogSourceNames", catalog],
      `the catalog ${catalog} is not under mirror.operators`,
      nearest === undefined ? "Remove it." : `Write the catalog as it stands there: ${nearest}.`,
    );
  }
  checkWaivers(own.waive ?? [], faults);
  return {
    ...defined({ name: own.name, clusterVersion: own.clusterVersion, resources: own.resources, destLayout: own.destLayout }),
    installed: own.installed ?? [],
    catalogSourceNames: new Map(Object.entries(own.catalogSourceNames ?? {})),
    waive: own.waive ?? [],
  };
}

function checkWaivers(waivers: readonly string[], faults: Faults): void {
  for (const [index, waiver] of waivers.entries()) {
    const code = waiver.split("=", 1)[0] ?? "";
    if ((PROBLEM_CODES as readonly string[]).includes(code)) continue;
    const nearest = nearestWord(code, PROBLEM_CODES);
    faults.add(
      ["skerry", "waive", index],
      `there is no problem code ${code}`,
      nearest === undefined ? `Known are ${PROBLEM_CODES.join(", ")}.` : `Did you mean ${nearest}?`,
    );
  }
}
