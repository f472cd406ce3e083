import { OUTPUT_FORMATS, outputFlag } from "../../command/every-flags.ts";
import { flagSwitch, flagText } from "../../command/flag.ts";
import { type RegistryFlags, registryFlags } from "../../command/registry-flags.ts";
import { type Command, command } from "../../command/types.ts";

/** Flags of `skerry catalog validate`. */
export interface ValidateFlags extends RegistryFlags {
  readonly output: string;
  readonly strict: boolean;
  readonly opm: string | undefined;
  readonly "check-images": boolean;
}

/** `skerry catalog validate`. */
export const catalogValidate: Command = command<ValidateFlags>({
  brief: "check a catalog by opm's rules, and for what they let pass",
  details: ["Every fault is reported, not the first one only. Warnings are faults with --strict."],
  positionals: [{ name: "CATALOG", brief: "an image, layout, folder, file, .db, or - for stdin", count: "one" }],
  flags: {
    output: outputFlag([...OUTPUT_FORMATS, "sarif"]),
    strict: flagSwitch("warnings make a catalog invalid too"),
    opm: flagText("rules of this release of opm", { placeholder: "RELEASE", defaultText: "newest known" }),
    "check-images": flagSwitch("also ask the registries for every image; one that is missing or refused is a warning"),
    ...registryFlags,
  },
  examples: [{ command: "skerry catalog validate ./catalog -o sarif > catalog.sarif", does: "for a code host" }],
  exits: [5],
  load: () => import("./validate.run.ts"),
});
