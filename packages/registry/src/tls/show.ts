import { RegistryError } from "../errors.ts";

/** The CA and the names of a registry's own certificate. */
export interface RegistryCertificate {
  /** PEM. */
  readonly ca: string;
  /** SHA-256 of the CA's certificate, hex. */
  readonly fingerprint: string;
  /** Names and addresses that the server certificate is for, those of the loopback last. */
  readonly hosts: readonly string[];
  readonly endsAt: string;
}

/** Reads what `tls: auto` made in a root. @throws RegistryError `CERTIFICATE_INVALID` when there is none yet */
export async function registryCertificate(root: string): Promise<RegistryCertificate> {
  // Loaded when it is asked for: the certificate library takes a while to start.
  const [{ caCertificate, serverCertificateFacts }, { certificateFacts }] = await Promise.all([
    import("./certificates.ts"),
    import("./issue.ts"),
  ]);
  const ca = await caCertificate(root);
  const server = await serverCertificateFacts(root);
  if (ca === undefined || server === undefined) {
    throw new RegistryError({
      code: "CERTIFICATE_INVALID",
      message: `Cannot show the certificate of ${root}: it has none of its own`,
      subject: root,
      hint: "Start it once with 'skerry registry serve --tls auto --host NAME'.",
    });
  }
  const { fingerprint } = await certificateFacts(ca);
  return { ca, fingerprint, hosts: server.hosts, endsAt: new Date(server.endsAt).toISOString() };
}
