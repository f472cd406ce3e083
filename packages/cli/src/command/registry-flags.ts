import { parseSize } from "../args/size.ts";
import { flagCount, flagDuration, flagList, flagMaybeSwitch, flagOptional, flagSwitch, flagText, parseCount } from "./flag.ts";
import type { FlagSet } from "./types.ts";

/** Values of the flags of every command that talks to a registry. Section 2 of the contract. */
export interface RegistryFlags {
  readonly authfile: string | undefined;
  readonly "src-authfile": string | undefined;
  readonly "dest-authfile": string | undefined;
  readonly "tls-verify": boolean;
  readonly "src-tls-verify": boolean | undefined;
  readonly "dest-tls-verify": boolean | undefined;
  readonly insecure: boolean;
  readonly ca: readonly string[];
  readonly "cert-dir": string | undefined;
  readonly "registries-conf": string | undefined;
  /** Undefined leaves the number to the engine: 8, and more where a far host has room. */
  readonly "max-per-host": number | undefined;
  readonly "limit-rate": number | undefined;
  readonly retries: number;
  /** Milliseconds. */
  readonly "stall-timeout": number;
  readonly "allow-private-redirects": boolean;
}

/** The flags of every command that talks to a registry. */
export const registryFlags: FlagSet<RegistryFlags> = {
  authfile: flagText("credentials; an `oc` pull secret is such a file", {
    short: "a",
    aliases: ["registry-config"],
    placeholder: "FILE",
    defaultText: "look-up order of containers-auth.json(5)",
  }),
  "src-authfile": flagText("credentials for the source", { placeholder: "FILE", defaultText: "--authfile" }),
  "dest-authfile": flagText("credentials for the destination", { placeholder: "FILE", defaultText: "--authfile" }),
  "tls-verify": flagSwitch("verify certificates; =false also allows HTTP", { default: true }),
  "src-tls-verify": flagMaybeSwitch("the same for the source", { defaultText: "--tls-verify" }),
  "dest-tls-verify": flagMaybeSwitch("the same for the destination", { defaultText: "--tls-verify" }),
  insecure: flagSwitch("--tls-verify=false for the host of the destination, and for no other"),
  ca: flagList("further CA certificates (PEM)", { placeholder: "FILE" }),
  "cert-dir": flagText("root of the per-host certificates", { placeholder: "DIR", defaultText: "certs.d" }),
  "registries-conf": flagText("rewrites and mirrors for reads; a push target is never rewritten", {
    placeholder: "FILE",
    defaultText: "containers-registries.conf(5)",
  }),
  "max-per-host": flagOptional("starting concurrency per host; adapts downwards, and up to 16 at far hosts unless given", parseCount, {
    placeholder: "N",
    defaultText: "8",
  }),
  "limit-rate": flagOptional("bytes per second, all connections together", parseSize, { placeholder: "SIZE" }),
  retries: flagCount("tries again per request", { default: "5", min: 0 }),
  "stall-timeout": flagDuration("a transfer without a byte for that long is broken off and continued", { default: "60s" }),
  "allow-private-redirects": flagSwitch("follow a realm, Location or redirect from a public registry to a private address"),
};
