import { LOG_LEVELS } from "../output/log.ts";
import { PROGRESS_MODES } from "../progress/types.ts";
import type { EveryFlags } from "./every-values.ts";
import { flagChoice, flagOptional, flagSwitch, flagText } from "./flag.ts";
import type { Flag, FlagSet } from "./types.ts";

export const OUTPUT_FORMATS = ["text", "json", "yaml", "name"] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** The flags that every command has. */
export const everyFlags: FlagSet<EveryFlags> = {
  output: outputFlag(OUTPUT_FORMATS),
  quiet: flagSwitch("no talk on stderr but errors", { short: "q" }),
  "log-level": flagChoice("talk on stderr up to this level", LOG_LEVELS, { default: "info" }),
  "log-file": flagText("write the talk as JSON lines to this file too, mode 0600", { placeholder: "FILE" }),
  progress: flagChoice("bar on a terminal, one line per image elsewhere, JSON event lines, or nothing", PROGRESS_MODES, {
    default: "auto",
  }),
  "no-color": flagSwitch("no colours; also NO_COLOR, or no terminal"),
  help: flagSwitch("show this help", { short: "h", callOnly: true }),
  version: flagSwitch("show the version", { callOnly: true }),
};

/** `-o` for a command that knows further formats, such as `svg` or `junit`. */
export function outputFlag(formats: readonly string[], fallback = "text"): Flag<string> {
  return flagChoice("how the result is shown on stdout", formats, { short: "o", default: fallback });
}

/** A path flag. */
export function flagFile(
  brief: string,
  options?: { readonly short?: string; readonly aliases?: readonly string[]; readonly defaultText?: string },
): Flag<string | undefined> {
  return flagOptional(brief, (text) => text, { placeholder: "FILE", ...options });
}
