import { flagList, flagText } from "../../command/flag.ts";
import { type Command, command } from "../../command/types.ts";

/** Flags of `skerry init`. */
export interface InitFlags {
  readonly config: string | undefined;
  readonly catalog: string | undefined;
  readonly package: readonly string[];
  readonly version: string | undefined;
}

/** `skerry init`. */
export const init: Command = command<InitFlags>({
  brief: "write an image set configuration to begin with",
  details: [
    "Asks on a terminal for what no flag says; elsewhere the flags and their defaults count. A file that is there is never overwritten.",
  ],
  flags: {
    config: flagText("file to write, - for stdout", { short: "c", placeholder: "FILE", defaultText: "imageset.yaml" }),
    catalog: flagText("catalog to mirror from", {
      placeholder: "CATALOG",
      defaultText: "registry.redhat.io/redhat/redhat-operator-index of --version",
    }),
    package: flagList('what to keep: PACKAGE[/CHANNEL][@VERSION or "RANGE"]', { placeholder: "SELECT", defaultText: "every package" }),
    version: flagText("version of the cluster", { placeholder: "4.N", defaultText: "newest known", callOnly: true }),
  },
  examples: [
    { command: "skerry init", does: "write imageset.yaml, asking for catalog and packages" },
    {
      command: "skerry init -c edge.yaml --version 4.20 --package cluster-logging --package etcd/stable",
      does: "the same without questions",
    },
  ],
  exits: [4],
  load: () => import("./init.run.ts"),
});
