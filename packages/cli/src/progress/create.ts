import type { Screen } from "../output/screen.ts";
import { jsonProgress } from "./json-lines.ts";
import { liveProgress } from "./live.ts";
import { plainProgress } from "./plain.ts";
import type { Progress, ProgressMode } from "./types.ts";

/** The display that `--progress` chose. `quiet` leaves only JSON lines that were asked for. */
export function createProgress(
  mode: ProgressMode,
  screen: Screen,
  options: { readonly quiet: boolean; readonly now: () => number },
): Progress {
  if (mode === "json") return jsonProgress(screen, options.now);
  if (mode === "none" || options.quiet) return noProgress();
  if (mode === "bar" || (mode === "auto" && screen.isTTY)) return liveProgress(screen, options.now);
  return plainProgress(screen);
}

function noProgress(): Progress {
  return { start: () => undefined, event: () => undefined, stop: () => undefined };
}
