import { type Command, command } from "../../command/types.ts";
import { pickFlags, type SetFlags } from "./set-flags.ts";

export type WhyFlags = Pick<SetFlags, "lock" | "name" | "workspace">;

/** `skerry why`. */
export const why: Command = command<WhyFlags>({
  brief: "say why an image or a package is in the set, and what leaving it out means",
  positionals: [{ name: "IMAGE|PACKAGE", brief: "a package, or an image by name, digest or a part of them", count: "one" }],
  flags: pickFlags("lock", "name", "workspace"),
  examples: [
    { command: "skerry why cluster-logging", does: "what the package brings, and what dropping it saves" },
    { command: "skerry why sha256:4f2c --lock skerry-imageset/imageset.lock", does: "which bundles need this image" },
  ],
  load: () => import("./why.run.ts"),
});
