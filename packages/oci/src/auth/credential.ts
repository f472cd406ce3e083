/** What an account proves itself with. */
export type Credential =
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  /** A refresh token that stands for a password (Docker's `identitytoken`). */
  | { readonly kind: "identity"; readonly username: string; readonly token: string }
  /** A bearer token to be sent as it is (`registrytoken`). */
  | { readonly kind: "token"; readonly token: string };

/** Finds the credential for a repository. */
export interface CredentialSource {
  /** The most specific credential for `host[:port]` and, where given, a repository below it. */
  find(host: string, repository: string | undefined, signal?: AbortSignal): Promise<Credential | undefined>;
}

/** No credentials at all. */
export const anonymous: CredentialSource = { find: () => Promise.resolve(undefined) };

/** Value of an Authorization header for user and password. RFC 7617. */
export function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
}
