import type { Credential } from "../auth/credential.ts";
import { OciError } from "../errors.ts";

/** What an auth file says, as far as looking up goes. containers-auth.json(5), Docker's config.json. */
export interface AuthFile {
  readonly path: string;
  readonly auths: ReadonlyMap<string, Credential>;
  readonly credHelpers: ReadonlyMap<string, string>;
  readonly credsStore: string | undefined;
}

const MAX_FILE = 8 * 1024 * 1024;

/**
 * Reads an auth file: containers' auth.json, Docker's config.json or an OpenShift pull secret, which all share `auths`.
 * A Kubernetes Secret manifest is not one; its hint says what to take out of it.
 * @throws OciError `CONFIG_INVALID`, never with the file's content in it
 */
export function parseAuthFile(text: string, path: string): AuthFile {
  if (text.length > MAX_FILE) throw invalid(path, `it is larger than ${MAX_FILE} bytes`);
  const document = parseObject(text, path);
  if (document["kind"] === "Secret") {
    throw new OciError({
      code: "CONFIG_INVALID",
      message: `Cannot read credentials from ${path}: it is a Kubernetes Secret`,
      subject: path,
      hint: "Extract its .dockerconfigjson: oc extract secret/pull-secret -n openshift-config --to=.",
    });
  }
  const auths = new Map<string, Credential>();
  for (const [key, value] of entries(document["auths"])) {
    const credential = credentialOf(value, { key, path });
    if (credential !== undefined) auths.set(key, credential);
  }
  const credHelpers = new Map<string, string>();
  for (const [key, value] of entries(document["credHelpers"])) if (typeof value === "string" && value !== "") credHelpers.set(key, value);
  const store = document["credsStore"];
  return { path, auths, credHelpers, credsStore: typeof store === "string" && store !== "" ? store : undefined };
}

function credentialOf(value: unknown, at: { key: string; path: string }): Credential | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { auth, username, password, identitytoken, registrytoken } = value as Record<string, unknown>;
  const pair = typeof auth === "string" && auth !== "" ? decodePair(auth, at) : undefined;
  const user = pair?.username ?? (typeof username === "string" ? username : "");
  if (typeof identitytoken === "string" && identitytoken !== "") return { kind: "identity", username: user, token: identitytoken };
  if (typeof registrytoken === "string" && registrytoken !== "") return { kind: "token", token: registrytoken };
  const secret = pair?.password ?? (typeof password === "string" ? password : "");
  if (user === "" && secret === "") return undefined;
  return user === "<token>" ? { kind: "identity", username: "", token: secret } : { kind: "basic", username: user, password: secret };
}

function decodePair(auth: string, at: { key: string; path: string }): { username: string; password: string } {
  const text = Buffer.from(auth.trim(), "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon < 0) throw invalid(at.path, `the entry for ${at.key} has an auth value that is not base64 of user:password`);
  // Docker pads short pairs with NUL.
  return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, "") };
}

function parseObject(text: string, path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ""));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // The parser's message quotes the text, which holds secrets.
  }
  throw invalid(path, "it is not a JSON object");
}

function entries(value: unknown): [string, unknown][] {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

function invalid(path: string, why: string): OciError {
  return new OciError({
    code: "CONFIG_INVALID",
    message: `Cannot read credentials from ${path}: ${why}`,
    subject: path,
    hint: 'Expected JSON such as {"auths":{"registry.example.com":{"auth":"…"}}}, as podman login and oc registry login write it.',
  });
}
