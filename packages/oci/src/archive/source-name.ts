import { isDigest } from "../model/digest.ts";
import type { Place } from "../store/types.ts";

/**
 * The full source reference by which an image is named in an archive: `HOST/REPO:TAG`, `HOST/REPO@DIGEST`, or both when the
 * name is `TAG@DIGEST`. The place's repository has the host in front.
 */
export function sourceName(at: Place, name: string): string {
  if (at.repository === "") return name;
  return isDigest(name) ? `${at.repository}@${name}` : `${at.repository}:${name}`;
}
