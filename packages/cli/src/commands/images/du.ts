import { type ContentFlags, contentFlags } from "../../command/content-flags.ts";
import { type RegistryFlags, registryFlags } from "../../command/registry-flags.ts";
import { type Command, command } from "../../command/types.ts";

/** Flags of `skerry du`. */
export interface DuFlags extends ContentFlags, RegistryFlags {}

/** `skerry du`. */
export const du: Command = command<DuFlags>({
  brief: "count the bytes of images before anything moves",
  details: ["UNIQUE is what an image adds that none of the others has; SHARED is what it has in common with them."],
  positionals: [{ name: "REF", brief: "images in registries, folders or files", count: "some" }],
  flags: { ...contentFlags, ...registryFlags },
  examples: [{ command: "skerry du quay.io/org/app:v1 quay.io/org/app:v2", does: "what both take together, and each alone" }],
  exits: [3],
  load: () => import("./du.run.ts"),
});
