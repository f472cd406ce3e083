import { posix } from "node:path";
import type { TarMember } from "../tar/write.ts";
import { byBytes } from "../write/go-json.ts";
import { parents } from "./hidden-paths.ts";

/** Permissions that everybody writes to; some unpackers give a parent that the layer does not list 0755. */
const SHARED = new Map([
  ["tmp", 0o1777],
  ["var/tmp", 0o1777],
]);

/** Members of a layer that takes paths of lower layers away, with the directories above them. OCI image-spec "whiteouts". */
export function whiteoutMembers(paths: readonly string[]): readonly TarMember[] {
  const members = new Map<string, TarMember>();
  const outer = paths.filter((path) => !paths.some((other) => path.startsWith(`${other}/`)));
  for (const path of outer) {
    for (const directory of parents(path)) {
      const mode = SHARED.get(directory);
      if (directory !== "") members.set(`${directory}/`, { path: `${directory}/`, size: 0, ...(mode === undefined ? {} : { mode }) });
    }
    const hidden = posix.join(posix.dirname(path), `.wh.${posix.basename(path)}`);
    members.set(hidden, { path: hidden, size: 0 });
  }
  return [...members.values()].sort((a, b) => byBytes(a.path, b.path));
}
