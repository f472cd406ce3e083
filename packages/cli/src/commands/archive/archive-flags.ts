import { parseSize } from "../../args/size.ts";
import { flagList, flagOptional, flagSwitch, flagText } from "../../command/flag.ts";
import type { FlagSet } from "../../command/types.ts";

/** Flags of `mirror` for what goes to an archive. Section 3 of the contract. */
export interface ToArchiveFlags {
  /** Bytes. */
  readonly "volume-size": number | undefined;
  readonly "volume-hook": string | undefined;
  readonly have: string | undefined;
  readonly since: string | undefined;
  readonly request: string | undefined;
  readonly "sign-key": string | undefined;
  readonly "exclude-tool": boolean;
}

/** Flags of `mirror` for what comes from an archive or another mirror. */
export interface FromArchiveFlags {
  readonly from: string | undefined;
  readonly only: readonly string[];
  readonly "trust-key": readonly string[];
  readonly "allow-older": boolean;
}

/** Values of both. */
export type ArchiveFlags = ToArchiveFlags & FromArchiveFlags;

/** The flags. */
export const archiveFlags: FlagSet<ArchiveFlags> = {
  from: flagText("archive or oc mirror folder (file://DIR), or mirror (docker://HOST/PREFIX), that everything comes from", {
    placeholder: "SOURCE",
  }),
  only: flagList("take only this part: package, catalog or image, with globs", { placeholder: "KIND=NAME" }),
  "trust-key": flagList("public key that must have signed the archive", { placeholder: "FILE" }),
  "allow-older": flagSwitch("import an archive older than what the target has"),
  "volume-size": flagOptional("largest volume of an archive", parseSize, {
    placeholder: "SIZE",
    defaultText: "archiveSize of the configuration, else 4095MiB",
  }),
  "volume-hook": flagText("program to run after each volume, with its path", { placeholder: "COMMAND" }),
  have: flagText("what the far side holds, from 'skerry have': it is left out", { placeholder: "FILE" }),
  since: flagText("an earlier lock that the far side has whole: its content is left out", { placeholder: "LOCK" }),
  request: flagText("what the far side lacks, from its request.json: only that is taken", { placeholder: "FILE" }),
  "sign-key": flagText("private key (EC, RSA or ed25519, PEM) that signs the archive", { placeholder: "FILE" }),
  "exclude-tool": flagSwitch("leave the skerry executable out of the archive"),
};
