import { flagFile } from "../../command/every-flags.ts";
import { flagSwitch, flagText } from "../../command/flag.ts";
import { type RegistryFlags, registryFlags } from "../../command/registry-flags.ts";
import { type Command, command } from "../../command/types.ts";

/** Flags of `skerry login`. */
export interface LoginFlags extends RegistryFlags {
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly "password-stdin": boolean;
  readonly "password-file": string | undefined;
}

/** `skerry login`. */
export const login: Command = command<LoginFlags>({
  brief: "check an account at a registry and keep it",
  details: ["The account is kept in the file that podman, skopeo and oc read too; it is checked before it is kept."],
  positionals: [{ name: "HOST", brief: "HOST[:PORT]", count: "one" }],
  flags: {
    username: flagText("name of the account; asked for on a terminal", { short: "u", placeholder: "USER" }),
    "password-stdin": flagSwitch("read the password from stdin"),
    "password-file": flagFile("read the password from a file"),
    password: flagText("the password; others on this machine can read it in the list of processes", {
      short: "p",
      placeholder: "TEXT",
      callOnly: true,
    }),
    ...registryFlags,
  },
  examples: [
    { command: "skerry login mirror.example.com:8443 -u admin --password-file ./password", does: "without a trace in the shell's history" },
  ],
  load: () => import("./login.run.ts"),
});
