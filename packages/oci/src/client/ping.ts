import type { RegistryNet } from "./repository.ts";

/**
 * Asks for `/v2/`. A registry without that page but with an API (404 from some proxies) counts as answering.
 * @throws OciError of every network code; `UNAUTHORIZED` when a credential is refused or missing
 */
export async function ping(net: RegistryNet, host: string, signal?: AbortSignal): Promise<void> {
  const response = await net.engine.send({
    host,
    method: "GET",
    target: "/v2/",
    action: `reach registry ${host}`,
    subject: host,
    auth: net.auth.for({ host, repository: undefined, scopes: [] }),
    expect: (status) => (status >= 200 && status < 300) || status === 404,
    signal,
  });
  await response.dump();
}
