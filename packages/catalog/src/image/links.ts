import { copyFile, mkdir } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { layerPath } from "./layer-path.ts";

/** What was extracted so far, with the links that wait for their targets. */
export interface LinkedFiles {
  readonly request: { readonly directory: string };
  readonly files: Map<string, number>;
  readonly links: ReadonlyMap<string, { readonly target: string; readonly hard: boolean }>;
  readonly left: { path: string; why: string }[];
}

const MAX_HOPS = 40;

/**
 * Puts a copy of the target in place of every link that leads to an extracted file. Links to anything else are noted
 * and left out, so that no link of an image ever exists on this machine.
 */
export async function resolveLinks(state: LinkedFiles): Promise<void> {
  const originals = new Map(state.files);
  for (const [path, link] of state.links) {
    const target = finalTarget(state, path);
    const size = target === undefined ? undefined : originals.get(target);
    if (target === undefined || size === undefined) {
      state.left.push({ path, why: `it is a link to ${link.target}` });
      continue;
    }
    const { directory } = state.request;
    await mkdir(join(directory, dirname(path)), { recursive: true, mode: 0o700 });
    await copyFile(join(directory, target), join(directory, path));
    state.files.set(path, size);
  }
}

function finalTarget(state: LinkedFiles, start: string): string | undefined {
  let at = start;
  for (let hop = 0; hop < MAX_HOPS; hop += 1) {
    const link = state.links.get(at);
    if (link === undefined) return at;
    // The target of a hard link counts from the root, that of a symbolic one from where the link stands.
    const absolute = link.hard || link.target.startsWith("/");
    const next = layerPath(posix.normalize(absolute ? link.target : posix.join(posix.dirname(at), link.target)));
    if (next === undefined || next === "") return undefined;
    at = next;
  }
  return undefined;
}
