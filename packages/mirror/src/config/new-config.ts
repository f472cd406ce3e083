import type { CatalogSelection, VersionWish } from "@skerry/catalog";
import { MirrorError } from "../errors.ts";

/** What a new configuration is to hold. */
export interface NewConfig {
  readonly catalog: string;
  /** Without packages one is shown as a comment. */
  readonly packages: NonNullable<CatalogSelection["packages"]>;
  /** `4.20`: the cluster that resources are for. */
  readonly clusterVersion?: string;
}

/**
 * The text of a new image set configuration, with comments that say what may be added. Pure.
 * @throws MirrorError `CONFIG_INVALID` for a range that minVersion and maxVersion cannot say
 */
export function newConfigText(wanted: NewConfig): string {
  const { catalog, packages, clusterVersion } = wanted;
  return `# What to mirror. Check it with 'skerry config check -c FILE'; 'skerry config schema' lists every key.
apiVersion: mirror.openshift.io/v2alpha1
kind: ImageSetConfiguration
mirror:
  operators:
    # Read what it holds with 'skerry catalog list ${comment(catalog)}'.
    - catalog: ${quoted(catalog)}
${packageLines(packages)}
  # Images that no catalog names.
  # additionalImages:
  #   - name: registry.redhat.io/ubi9/ubi-minimal:latest

  # Expressions of Go's; images that match are left out.
  # blockedImages:
  #   - name: ^quay\\.io/example/.*-debug
${
  clusterVersion === undefined
    ? ""
    : `
# What only Skerry reads; 'oc mirror' refuses this key.
skerry:
  clusterVersion: ${quoted(clusterVersion)}
`
}`;
}

function packageLines(packages: NewConfig["packages"]): string {
  if (packages.length === 0)
    return `      # Without packages every package is kept, each with the heads of its channels.
      # packages:
      #   - name: cluster-logging
`;
  const lines = [
    "      # A package alone keeps the heads of its channels; minVersion and maxVersion keep a range.",
    "      packages:",
    ...packages.flatMap((one) => [
      `        - name: ${quoted(one.name)}`,
      ...versionLines(one.name, one, "          "),
      ...(one.channels === undefined ? [] : ["          channels:"]),
      ...(one.channels ?? []).flatMap((channel) => [
        `            - name: ${quoted(channel.name)}`,
        ...versionLines(`${one.name}/${channel.name}`, channel, "              "),
      ]),
    ]),
  ];
  return `${lines.join("\n")}\n`;
}

function versionLines(what: string, wish: VersionWish, indent: string): string[] {
  const { min, max } = boundsOf(what, wish);
  return [
    ...(min === undefined ? [] : [`${indent}minVersion: ${quoted(min)}`]),
    ...(max === undefined ? [] : [`${indent}maxVersion: ${quoted(max)}`]),
  ];
}

function boundsOf(what: string, wish: VersionWish): { readonly min?: string; readonly max?: string } {
  const [version, ...further] = wish.versions ?? [];
  if (version !== undefined && further.length === 0) return { min: version, max: version };
  if (wish.range === undefined) return {};
  const bounds = /^(?:>=\s*(\S+))?\s*(?:<=\s*(\S+))?$/.exec(wish.range.trim());
  const [, min, max] = bounds ?? [];
  if (bounds !== null && (min !== undefined || max !== undefined))
    return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
  throw new MirrorError({
    code: "CONFIG_INVALID",
    message: `Cannot write the range ${JSON.stringify(wish.range)} of ${what}: a configuration knows a lowest and a highest version only`,
    subject: what,
    hint: 'Write it as ">=1.2.0", "<=2.0.0" or ">=1.2.0 <=2.0.0".',
  });
}

/** A scalar that YAML reads as this text and nothing else. */
function quoted(text: string): string {
  return /^[A-Za-z][\w./:@-]*$/.test(text) && !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(text) && !text.endsWith(":")
    ? text
    : JSON.stringify(text);
}

/** Text that cannot end the comment it stands in. */
function comment(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?");
}
