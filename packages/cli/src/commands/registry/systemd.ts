import { flagList, flagText } from "../../command/flag.ts";
import { type Command, command } from "../../command/types.ts";
import { type RootFlags, rootFlag } from "./root-flag.ts";

export interface SystemdFlags extends RootFlags {
  readonly listen: string | undefined;
  readonly host: readonly string[];
  readonly user: string | undefined;
  readonly program: string | undefined;
}

/** `skerry registry systemd`. */
export const systemd: Command = command<SystemdFlags>({
  brief: "print a hardened systemd unit that serves a registry",
  flags: {
    root: rootFlag,
    listen: flagText("address and port", { placeholder: "HOST:PORT", defaultText: "0.0.0.0:8443" }),
    host: flagList("name or address that clients use", { placeholder: "NAME", comma: true }),
    user: flagText("account it runs as", { placeholder: "NAME", defaultText: "skerry" }),
    program: flagText("path of the program", { placeholder: "FILE", defaultText: "/usr/local/bin/skerry" }),
  },
  examples: [
    {
      command: "skerry registry systemd --root /srv/mirror --host mirror.example.com > /etc/systemd/system/skerry-registry.service",
      does: "then: systemctl enable --now skerry-registry",
    },
  ],
  load: () => import("./systemd.run.ts"),
});
