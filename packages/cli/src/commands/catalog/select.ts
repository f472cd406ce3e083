import { flagChoice, flagList, flagSwitch } from "../../command/flag.ts";
import { type RegistryFlags, registryFlags } from "../../command/registry-flags.ts";
import { type Command, command } from "../../command/types.ts";
import { pickFlags } from "../mirror/set-flags.ts";

/** Flags of `skerry catalog select`. */
export interface SelectFlags extends RegistryFlags {
  readonly package: readonly string[];
  readonly full: boolean;
  readonly installed: readonly string[];
  readonly deps: "report" | "resolve" | "off";
}

const DEPS = ["report", "resolve", "off"] as const;

/** `skerry catalog select`. */
export const catalogSelect: Command = command<SelectFlags>({
  brief: "write a part of a catalog as a file-based catalog",
  details: [
    "A package without channel keeps the head of every channel; with a version or range a window of it, as a mirror would.\nOf versions that are named one after another (package@1.0.0, package@1.2.0) all are kept, with what lies between.",
  ],
  positionals: [
    { name: "CATALOG", brief: "an image, layout, folder, file, .db, or - for stdin", count: "one" },
    { name: "DIR", brief: "folder to write to; must be empty or not there", count: "one" },
  ],
  flags: {
    package: flagList('what to keep (at least one unless --full): PACKAGE[/CHANNEL][@VERSION or "RANGE"]', { placeholder: "SELECT" }),
    full: flagSwitch("every version of every channel, as `full: true` of an image set"),
    deps: flagChoice("dependencies that are not selected: tell, add, or leave alone; the first two read every bundle", DEPS, {
      default: "off",
    }),
    ...pickFlags("installed"),
    ...registryFlags,
  },
  examples: [{ command: 'skerry catalog select ./catalog ./small --package "etcd/stable@>=0.9.0"', does: "one channel from a version on" }],
  exits: [3, 4],
  load: () => import("./select.run.ts"),
});
