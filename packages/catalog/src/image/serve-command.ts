import { asList, asText, type JsonObject, member } from "../document/shape.ts";
import { layerPath } from "./layer-path.ts";

/** How a catalog image starts its server. */
export interface ServeCommand {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  /** Cache directory the server was told to use, relative to the image's root. */
  readonly cacheDirectory?: string;
}

/** Flags that make no sense without the cache: `opm serve --cache-only` builds one and ends. */
const CACHE_SWITCHES = /^--cache-(only|enforce-integrity)(=.*)?$/;

/**
 * The start of a catalog image after its files have changed. `--cache-dir` goes, because the cache inside the image no
 * longer fits and opm exits when it finds that out; the old catalog directory becomes the new one.
 */
export function serveCommand(config: JsonObject, directories: { readonly from: string; readonly to: string }): ServeCommand {
  const entrypoint = rewritten(texts(member(config, "config", "Entrypoint")), directories);
  const command = rewritten(texts(member(config, "config", "Cmd")), directories);
  const cache = layerPath(entrypoint.cache ?? command.cache ?? "");
  return {
    entrypoint: entrypoint.words,
    command: command.words,
    ...(cache === undefined || cache === "" ? {} : { cacheDirectory: cache }),
  };
}

function rewritten(
  words: readonly string[],
  directories: { readonly from: string; readonly to: string },
): { words: string[]; cache?: string } {
  const kept: string[] = [];
  let cache: string | undefined;
  let isCache = false;
  for (const word of words) {
    if (isCache) cache = word;
    else if (word.startsWith("--cache-dir=")) cache = word.slice("--cache-dir=".length);
    else if (word !== "--cache-dir" && !CACHE_SWITCHES.test(word)) kept.push(moved(word, directories));
    isCache = !isCache && word === "--cache-dir";
  }
  return { words: kept, ...(cache === undefined ? {} : { cache }) };
}

function moved(word: string, directories: { readonly from: string; readonly to: string }): string {
  return word.startsWith("/") && layerPath(word) === directories.from ? `/${directories.to}` : word;
}

function texts(value: unknown): readonly string[] {
  return asList(value).map(asText);
}
