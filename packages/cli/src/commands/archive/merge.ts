import { flagSize, flagText } from "../../command/flag.ts";
import { type Command, command } from "../../command/types.ts";

export interface RearrangeFlags {
  readonly to: string | undefined;
  readonly "volume-size": number;
}

const flags = {
  to: flagText("folder of the new archive", { placeholder: "DIR" }),
  "volume-size": flagSize("largest volume", { default: "4095MiB" }),
};

/** `skerry archive merge`. */
export const archiveMerge: Command = command<RearrangeFlags>({
  brief: "one archive out of several of an image set, without a registry",
  positionals: [{ name: "DIR", brief: "archives, in any order; the newest decides what is needed", count: "some" }],
  flags,
  examples: [{ command: "skerry archive merge /media/whole /media/increment --to /srv/archive", does: "relies on nothing any more" }],
  load: () => import("./merge.run.ts"),
});

/** `skerry archive split`. */
export const archiveSplit: Command = command<RearrangeFlags>({
  brief: "the same archive in volumes of another size",
  positionals: [{ name: "DIR", brief: "folder of an archive, or file://DIR", count: "one" }],
  flags,
  examples: [{ command: "skerry archive split /srv/archive --volume-size 650MiB --to /srv/discs", does: "for smaller media" }],
  load: () => import("./split.run.ts"),
});
