import type { Reader } from "@skerry/oci";
import { targetRepository } from "../plan/destination.ts";
import type { SourceOf } from "../run/roots.ts";

/** Another mirror as the source of everything a lock names: each image from the repository that it has there. */
export function mirrorSource(reader: Reader, where: { readonly prefix: string; readonly maxNestedPaths: number }): SourceOf {
  return ({ destination }) => ({
    reader,
    place: { repository: targetRepository(where.prefix, destination.repository, where.maxNestedPaths) },
  });
}
