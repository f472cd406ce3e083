import { type ContentFlags, contentFlags } from "../../command/content-flags.ts";
import { flagChoice, flagCount, flagSwitch, flagText } from "../../command/flag.ts";
import { type RegistryFlags, registryFlags } from "../../command/registry-flags.ts";
import { type Command, command } from "../../command/types.ts";

/** Flags of `skerry catalog mirror`. */
export interface CatalogMirrorFlags extends ContentFlags, RegistryFlags {
  readonly "manifests-only": boolean;
  readonly "to-manifests": string | undefined;
  readonly "max-components": number;
  readonly "icsp-scope": "repository" | "namespace" | "registry";
  readonly "dry-run": boolean;
}

/** `skerry catalog mirror`. */
export const catalogMirror: Command = command<CatalogMirrorFlags>({
  brief: "mirror a catalog with the images of all its bundles, as `oc adm catalog mirror`",
  details: [
    "Writes imageContentSourcePolicy.yaml, catalogSource.yaml and mapping.txt into NAME-manifests/. `skerry plan` and `skerry mirror` do the\nsame for a selection, with a lock and verification.",
  ],
  positionals: [
    { name: "SRC", brief: "a catalog image in a registry", count: "one" },
    { name: "DST", brief: "HOST[:PORT][/PATH]", count: "one" },
  ],
  flags: {
    "manifests-only": flagSwitch("write the files; move nothing"),
    "to-manifests": flagText("folder for the files", { placeholder: "DIR", defaultText: "NAME-manifests" }),
    "max-components": flagCount("parts that a path at the destination may have; 0 for no limit", { default: "2", min: 0 }),
    "icsp-scope": flagChoice("how much one mirror rule covers", ["repository", "namespace", "registry"], { default: "repository" }),
    "dry-run": flagSwitch("the same report with outcome planned; nothing is moved or written"),
    ...contentFlags,
    ...registryFlags,
  },
  examples: [
    {
      command: "skerry catalog mirror quay.io/org/catalog:v4.20 mirror.example.com:8443/olm --manifests-only",
      does: "the mapping, to be split or edited",
    },
  ],
  exits: [3, 4],
  load: () => import("./mirror.run.ts"),
});
