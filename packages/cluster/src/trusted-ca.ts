import { ClusterError } from "./errors.ts";
import { compareText } from "./mirror-entries.ts";
import { IMAGE_SET_LABEL, type KubeObject, objectNameOf, yamlText } from "./resource-file.ts";

/** A registry and the certificates that nodes are to trust for it. */
export interface RegistryCa {
  /** `host[:port]`. */
  readonly host: string;
  /** One or more PEM certificates. */
  readonly pem: string;
}

const CERTIFICATE = /^-----BEGIN CERTIFICATE-----\r?\n[A-Za-z0-9+/=\r\n]+-----END CERTIFICATE-----\r?\n?$/;

/**
 * The ConfigMap in `openshift-config` that `image.config.openshift.io/cluster` names: one key a registry, `host` or
 * `host..port`, since a key takes no colon. An existing ConfigMap of that purpose should be extended, not replaced.
 * machine-config-operator and cluster-image-registry-operator "additionalTrustedCA".
 * @throws ClusterError `CERTIFICATE_INVALID`; a private key is never written
 */
export function buildCaConfigMap(name: string, registries: readonly RegistryCa[], imageSet: string): KubeObject {
  const data = [...registries]
    .sort((a, b) => compareText(a.host, b.host))
    .map(({ host, pem }) => [caKey(host), checkedPem(host, pem)] as const);
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: "openshift-config", labels: { [IMAGE_SET_LABEL]: objectNameOf(imageSet) } },
    data: Object.fromEntries(data),
  };
}

/** Key of a registry in such a ConfigMap: `mirror.example.com..8443`. */
export function caKey(host: string): string {
  const match = /^([A-Za-z0-9.-]+)(?::(\d+))?$/.exec(host);
  if (match === null) throw invalid(host, "its name cannot be a key of a ConfigMap");
  return match[2] === undefined ? host : `${match[1]}..${match[2]}`;
}

/**
 * Text of a merge patch for `image.config.openshift.io/cluster`, as for
 * `oc patch image.config.openshift.io/cluster --type merge --patch-file FILE`. A merge patch also works where `spec` is absent.
 */
export function imageConfigPatch(configMapName: string): string {
  return yamlText({ spec: { additionalTrustedCA: { name: configMapName } } });
}

function checkedPem(host: string, pem: string): string {
  const blocks = pem.split(/(?=-----BEGIN )/).map((block) => block.trim());
  const certificates = blocks.filter((block) => block.startsWith("-----BEGIN "));
  if (certificates.length === 0) throw invalid(host, "the text holds no PEM certificate");
  for (const block of certificates) {
    if (!block.startsWith("-----BEGIN CERTIFICATE-----")) throw invalid(host, `the text holds a ${blockType(block)}`);
    if (!CERTIFICATE.test(`${block}\n`)) throw invalid(host, "a certificate in the text is damaged");
  }
  return `${certificates.join("\n").replaceAll("\r", "")}\n`;
}

function blockType(block: string): string {
  return /^-----BEGIN ([A-Z0-9 ]{1,40})-----/.exec(block)?.[1] ?? "block of another kind";
}

function invalid(host: string, why: string): ClusterError {
  return new ClusterError({
    code: "CERTIFICATE_INVALID",
    message: `Cannot write the certificates of ${host.slice(0, 300)}: ${why}`,
    subject: host.slice(0, 300),
    hint: "Give the PEM file of the authority that signed the registry's certificate, and nothing else.",
  });
}
