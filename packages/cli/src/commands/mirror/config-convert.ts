import { flagChoice, flagSwitch } from "../../command/flag.ts";
import { type Command, command } from "../../command/types.ts";
import { pickFlags, type SetFlags } from "./set-flags.ts";

/** Flags of `skerry config convert`. */
export type ConvertFlags = Pick<SetFlags, "config"> & { readonly to: "v1alpha2" | "v2alpha1"; readonly plain: boolean };

/** `skerry config convert`. */
export const configConvert: Command = command<ConvertFlags>({
  brief: "write an image set configuration in another version of its format",
  details: ["The converted file goes to stdout, comments and order kept; what has no words in the other version is left out with a note."],
  flags: {
    ...pickFlags("config"),
    to: flagChoice("version to write", ["v1alpha2", "v2alpha1"], { default: "v2alpha1" }),
    plain: flagSwitch("leave out what only Skerry reads"),
  },
  examples: [
    { command: "skerry config convert -c old.yaml > imageset.yaml", does: "from oc-mirror v1" },
    { command: "skerry config convert -c imageset.yaml --plain > isc.yaml", does: "for oc mirror" },
  ],
  load: () => import("./config-convert.run.ts"),
});
