import { checkHostNames, registryCertificate, trustTexts } from "@skerry/registry";
import { type Job, pathOf } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import type { CertShowFlags } from "./cert-show.ts";

/** Prints the RegistryCertificate document. */
export async function run(job: Job<CertShowFlags>): Promise<number> {
  const { root, host, port, pem, configmap } = job.flags;
  if (host !== undefined) checkHostNames([host]);
  const certificate = await registryCertificate(pathOf(job, root));
  const name = host ?? certificate.hosts[0] ?? "localhost";
  const texts = trustTexts(certificate.ca, name, port);
  const only = pem ? certificate.ca : configmap ? texts.configMap : job.flags["certs-d"] ? texts.certsD : undefined;
  await job.out.result(
    { kind: "RegistryCertificate", ...certificate, host: name, port, ...texts },
    {
      text: () =>
        only ??
        `# SHA-256 ${certificate.fingerprint}, server certificate until ${certificate.endsAt}\n${texts.rhel}\n${texts.certsD}\n# For OpenShift, then name it in image.config.openshift.io/cluster, spec.additionalTrustedCA:\n${texts.configMap}`,
      names: () => certificate.hosts,
    },
  );
  return EXIT.done;
}
