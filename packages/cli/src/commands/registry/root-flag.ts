import { flagParsed } from "../../command/flag.ts";
import type { Flag } from "../../command/types.ts";

/** `--root DIR` of every word that works on a registry's folder. */
export const rootFlag: Flag<string> = flagParsed("folder of the registry", (text) => text, { placeholder: "DIR", default: "./registry" });

export interface RootFlags {
  readonly root: string;
}
