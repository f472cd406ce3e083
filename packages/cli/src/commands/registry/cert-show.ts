import { flagCount, flagSwitch, flagText } from "../../command/flag.ts";
import { type Command, command } from "../../command/types.ts";
import { type RootFlags, rootFlag } from "./root-flag.ts";

export interface CertShowFlags extends RootFlags {
  readonly pem: boolean;
  readonly configmap: boolean;
  readonly "certs-d": boolean;
  readonly host: string | undefined;
  readonly port: number;
}

/** `skerry registry cert show`. */
export const certShow: Command = command<CertShowFlags>({
  brief: "show the registry's CA and how to trust it",
  flags: {
    root: rootFlag,
    pem: flagSwitch("only the CA certificate"),
    configmap: flagSwitch("only the ConfigMap for OpenShift"),
    "certs-d": flagSwitch("only the commands for certs.d"),
    host: flagText("name that clients use", { placeholder: "NAME", defaultText: "the first of the certificate" }),
    port: flagCount("port that clients use", { default: "8443" }),
  },
  examples: [
    { command: "skerry registry cert show --root /srv/mirror", does: "for RHEL, certs.d and OpenShift" },
    { command: "skerry registry cert show --configmap --port 8443 | oc apply -f -", does: "trust it in a cluster" },
  ],
  load: () => import("./cert-show.run.ts"),
});
