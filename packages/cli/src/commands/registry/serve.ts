import { parseSize } from "../../args/size.ts";
import { flagFile } from "../../command/every-flags.ts";
import { choice, flagList, flagOptional, flagSwitch, flagText } from "../../command/flag.ts";
import { type Command, command } from "../../command/types.ts";

export const TLS_CHOICES = ["auto", "off", "files"] as const;
export const AUTH_CHOICES = ["htpasswd", "none"] as const;

export interface ServeFlags {
  readonly root: string | undefined;
  readonly from: string | undefined;
  readonly listen: string | undefined;
  readonly tls: (typeof TLS_CHOICES)[number] | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly host: readonly string[];
  readonly auth: (typeof AUTH_CHOICES)[number] | undefined;
  readonly htpasswd: string | undefined;
  readonly "anonymous-pull": boolean;
  readonly "read-only": boolean;
  readonly "i-know": boolean;
  readonly config: string | undefined;
  readonly "access-log": string | undefined;
  readonly "min-free": number | undefined;
}

/** `skerry registry serve`. */
export const serve: Command = command<ServeFlags>({
  brief: "serve a mirror registry",
  details: [
    "On 127.0.0.1 it serves plain HTTP to everybody on this machine. Any other address needs a certificate and users; --tls auto makes a CA and a server certificate on the first start, and 'skerry registry user add' makes users.",
    "SIGHUP reloads users and certificates; SIGTERM lets running requests end for 30 s. Health is at /healthz and /readyz, metrics at /metrics.",
  ],
  flags: {
    root: flagText("folder of the registry, made when it is missing", { placeholder: "DIR", defaultText: "./registry" }),
    from: flagText("serve this instead, read-only and without copying it: the folder of an archive, or oci:DIR", {
      placeholder: "ARCHIVE",
    }),
    listen: flagText("address and port; :0 takes a free port and prints it", { placeholder: "HOST:PORT", defaultText: "127.0.0.1:5000" }),
    tls: flagOptional("a certificate of its own, none, or the one of --cert and --key", (text) => choice(text, TLS_CHOICES), {
      placeholder: TLS_CHOICES.join("|"),
      defaultText: "off on the loopback, else auto",
    }),
    cert: flagFile("PEM certificate chain"),
    key: flagFile("PEM key of the certificate"),
    host: flagList("name or address that clients use", { placeholder: "NAME", comma: true }),
    auth: flagOptional("who may come in", (text) => choice(text, AUTH_CHOICES), {
      placeholder: AUTH_CHOICES.join("|"),
      defaultText: "none on the loopback, else htpasswd",
    }),
    htpasswd: flagFile("users", { defaultText: "htpasswd in the root" }),
    "anonymous-pull": flagSwitch("somebody without a name may pull"),
    "read-only": flagSwitch("refuse every write"),
    "i-know": flagSwitch("listen for other machines without TLS or without users", { callOnly: true }),
    config: flagFile("settings as YAML; flags win over it"),
    "access-log": flagFile("one JSON line per request; - for stderr"),
    "min-free": flagOptional("refuse uploads when less would be left", parseSize, {
      placeholder: "SIZE",
      defaultText: "256MiB, or 2 % of a smaller disk",
    }),
  },
  examples: [
    { command: "skerry registry serve --root /srv/mirror", does: "for this machine, on port 5000" },
    {
      command: "skerry registry serve --root /srv/mirror --listen 0.0.0.0:8443 --host mirror.example.com",
      does: "for others: TLS and users",
    },
    { command: "skerry registry serve --from /media/usb/archive --listen :0", does: "serve an archive as it lies there" },
  ],
  exits: [4],
  load: () => import("./serve.run.ts"),
});
