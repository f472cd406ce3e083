import { type ContentFlags, contentFlags } from "../../command/content-flags.ts";
import { flagFile } from "../../command/every-flags.ts";
import { choice, flagOptional, flagSwitch, flagText } from "../../command/flag.ts";
import { type RegistryFlags, registryFlags } from "../../command/registry-flags.ts";
import { type Command, command } from "../../command/types.ts";

/** Flags of `skerry catalog build`. */
export interface CatalogBuildFlags extends RegistryFlags, Pick<ContentFlags, "platform" | "filter-by-os"> {
  readonly to: string | undefined;
  readonly from: string | undefined;
  readonly format: "fbc" | "sqlite" | undefined;
  readonly "appregistry-org": string | undefined;
  readonly "appregistry-endpoint": string | undefined;
  readonly "auth-token": string | undefined;
  readonly "auth-token-file": string | undefined;
  readonly "appregistry-user": string | undefined;
  readonly "password-stdin": boolean;
  readonly "password-file": string | undefined;
  readonly sbom: string | undefined;
  readonly "attach-sbom": boolean;
}

/** `skerry catalog build`. */
export const catalogBuild: Command = command<CatalogBuildFlags>({
  brief: "build a catalog image and push it",
  details: [
    "Without --from the image holds the catalog's files only, for clusters that extract them (from 4.15). The same catalog over the\nsame base gives the same digest on every machine.",
  ],
  positionals: [{ name: "CATALOG", brief: "an image, layout, folder, file, .db, or - for stdin", count: "optional" }],
  flags: {
    to: flagText("REF or LAYOUT to push to (required)", { placeholder: "REF" }),
    from: flagText("base image with a catalog server in it", { placeholder: "REF", defaultText: "from scratch" }),
    format: flagOptional("what the image serves", (text) => choice(text, ["fbc", "sqlite"] as const), {
      placeholder: "fbc|sqlite",
      defaultText: "what the base can serve",
    }),
    "appregistry-org": flagText("organisation of an app registry whose packages make the catalog, instead of CATALOG", {
      placeholder: "ORG",
    }),
    "appregistry-endpoint": flagText("app registry to read from", { placeholder: "URL", defaultText: "https://quay.io/cnr" }),
    "auth-token": flagText("token for it, as its login gives it; others on the machine can read it", { placeholder: "TOKEN" }),
    "auth-token-file": flagText("read the token from a file", { placeholder: "FILE" }),
    "appregistry-user": flagText("account there; its login call gives the token, which is kept nowhere", { placeholder: "USER" }),
    "password-stdin": flagSwitch("read the password of --appregistry-user from stdin"),
    "password-file": flagFile("read the password of --appregistry-user from a file"),
    sbom: flagFile("also write what is inside, as CycloneDX: bundles with versions, and the images that each needs"),
    "attach-sbom": flagSwitch("push that list as a referrer of the image"),
    platform: contentFlags.platform,
    "filter-by-os": contentFlags["filter-by-os"],
    ...registryFlags,
  },
  examples: [
    {
      command: "skerry catalog build ./catalog --from quay.io/operator-framework/opm:latest --to mirror.example.com:8443/catalogs/own:v1",
      does: "an image that serves a folder",
    },
    {
      command:
        "skerry catalog build --appregistry-org redhat-operators --appregistry-endpoint https://apps.example.com/cnr --from registry.redhat.io/openshift4/ose-operator-registry:v4.3 --to mirror.example.com:8443/catalogs/old:v1",
      does: "a database of the packages of an app registry",
    },
  ],
  exits: [4],
  load: () => import("./build.run.ts"),
});
