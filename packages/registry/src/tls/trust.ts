/** How a client learns to trust the registry's CA. */
export interface TrustTexts {
  /** Commands for RHEL and Fedora. */
  readonly rhel: string;
  /** Commands for podman, buildah, skopeo and CRI-O, for this registry alone. */
  readonly certsD: string;
  /** A ConfigMap for `image.config.openshift.io/cluster`. */
  readonly configMap: string;
}

/** `host` and `port` as clients write them; `pem` is the CA's certificate. */
export function trustTexts(pem: string, host: string, port: number): TrustTexts {
  return {
    rhel: [
      "# On RHEL, CentOS and Fedora, as root:",
      "cat > /etc/pki/ca-trust/source/anchors/skerry-registry.crt <<'EOF'",
      `${pem.trim()}`,
      "EOF",
      "update-ca-trust",
      "",
    ].join("\n"),
    certsD: [
      "# For podman, buildah, skopeo and CRI-O, as root (or below ~/.config/containers without):",
      `mkdir -p /etc/containers/certs.d/${host}:${port}`,
      `cat > /etc/containers/certs.d/${host}:${port}/ca.crt <<'EOF'`,
      `${pem.trim()}`,
      "EOF",
      "",
    ].join("\n"),
    configMap: configMap(pem, host, port),
  };
}

/** A colon is no legal key of a ConfigMap, so OpenShift reads two dots in its place. */
function configMap(pem: string, host: string, port: number): string {
  const indented = pem
    .trim()
    .split("\n")
    .map((line) => `    ${line}`);
  return [
    "apiVersion: v1",
    "kind: ConfigMap",
    "metadata:",
    "  name: skerry-registry-ca",
    "  namespace: openshift-config",
    "data:",
    `  ${host}..${port}: |`,
    ...indented,
    "",
  ].join("\n");
}
