import { flagSwitch } from "../../command/flag.ts";
import { type RegistryFlags, registryFlags } from "../../command/registry-flags.ts";
import { type Command, command } from "../../command/types.ts";

/** Flags of `skerry delete`. */
export interface DeleteFlags extends RegistryFlags {
  readonly yes: boolean;
  readonly "dry-run": boolean;
}

/** `skerry delete`. */
export const deleteImages: Command = command<DeleteFlags>({
  brief: "remove tags or manifests from a registry",
  details: [
    "A REF with a tag loses the tag; a REF with a digest loses the manifest, and every tag that points at it.\nWhat is to go is listed first. Blobs are freed by the registry's own collection.",
  ],
  positionals: [{ name: "REF", brief: "docker://HOST/REPO:TAG or docker://HOST/REPO@DIGEST", count: "some" }],
  flags: {
    yes: flagSwitch("do not ask; without a terminal a question is a refusal", { callOnly: true }),
    "dry-run": flagSwitch("list what would go; nothing is removed"),
    ...registryFlags,
  },
  examples: [{ command: "skerry delete mirror.example.com:8443/org/app:old --yes", does: "remove one tag" }],
  exits: [3, 4],
  load: () => import("./delete.run.ts"),
});
