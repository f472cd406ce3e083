import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Credential, CredentialSource } from "../auth/credential.ts";
import { OciError } from "../errors.ts";
import { type AuthFile, parseAuthFile } from "./auth-file.ts";
import { type HelperRunner, runHelper } from "./credential-helper.ts";

export interface CredentialLookup {
  /** From a flag; must exist. */
  readonly authfile?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Reads a text file, undefined when it is not there; the file system when missing. */
  readonly read?: ((path: string) => Promise<string | undefined>) | undefined;
  readonly helper?: HelperRunner | undefined;
}

/** A file that may hold credentials. */
export interface AuthFilePlace {
  readonly path: string;
  /** Named by somebody: it must be there. */
  readonly required: boolean;
}

/**
 * Where credentials are looked for, first match wins. containers-auth.json(5): flag, REGISTRY_AUTH_FILE, the runtime
 * directory, the configuration directory, then Docker's file (DOCKER_CONFIG). A file named by flag or variable is the only one.
 */
export function authFilePlaces(lookup: Pick<CredentialLookup, "authfile" | "env" | "home">): readonly AuthFilePlace[] {
  const { env, home } = lookup;
  const named = lookup.authfile ?? nonEmpty(env["REGISTRY_AUTH_FILE"]);
  if (named !== undefined) return [{ path: named, required: true }];
  const runtime = nonEmpty(env["XDG_RUNTIME_DIR"]);
  const places = [
    ...(runtime === undefined ? [] : [join(runtime, "containers/auth.json")]),
    join(nonEmpty(env["XDG_CONFIG_HOME"]) ?? join(home, ".config"), "containers/auth.json"),
    join(nonEmpty(env["DOCKER_CONFIG"]) ?? join(home, ".docker"), "config.json"),
  ];
  return places.map((path) => ({ path, required: false }));
}

/**
 * Credentials from the files and helpers that podman, skopeo, oc and docker use. Files are read at the first question.
 * @throws OciError from `find`: `CONFIG_INVALID` for a file that cannot be read or understood
 */
export function loadCredentials(lookup: CredentialLookup): CredentialSource {
  const helper = lookup.helper ?? ((question) => runHelper({ ...question, env: lookup.env }));
  let files: Promise<readonly AuthFile[]> | undefined;
  return {
    find: async (host, repository, signal) => {
      files ??= readAll(lookup);
      for (const file of await files) {
        const found = await findIn(file, { host, repository, helper, signal });
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}

/** Keys under which a credential for a repository may stand, most specific first. */
export function credentialKeys(host: string, repository: string | undefined): readonly string[] {
  const parts = repository === undefined ? [] : repository.split("/");
  const scoped = parts.map((_, index) => `${host}/${parts.slice(0, parts.length - index).join("/")}`);
  return [...scoped, host];
}

interface Question {
  readonly host: string;
  readonly repository: string | undefined;
  readonly helper: HelperRunner;
  readonly signal: AbortSignal | undefined;
}

async function findIn(file: AuthFile, question: Question): Promise<Credential | undefined> {
  const { host, repository, helper, signal } = question;
  const named = hostForms(host)
    .map((form) => file.credHelpers.get(form))
    .find((name) => name !== undefined);
  if (named !== undefined) {
    const found = await helper({ helper: named, host: serverAddress(host), signal });
    if (found !== undefined) return found;
  }
  for (const key of credentialKeys(host, repository)) {
    const found = file.auths.get(key);
    if (found !== undefined) return found;
  }
  // Docker's own keys: https://host/v1/, index.docker.io.
  const forms = new Set(hostForms(host));
  for (const [key, credential] of file.auths) if (!isScoped(key) && forms.has(keyHost(key))) return credential;
  return file.credsStore === undefined ? undefined : helper({ helper: file.credsStore, host: serverAddress(host), signal });
}

/** Docker Hub goes by several names. */
function hostForms(host: string): readonly string[] {
  return host === "docker.io" ? ["docker.io", "index.docker.io", "registry-1.docker.io"] : [host];
}

/** The name under which helpers keep a host. */
export function serverAddress(host: string): string {
  return host === "docker.io" ? "https://index.docker.io/v1/" : host;
}

/** `host/path` without scheme is a path-scoped key; `https://host/v1/` is Docker's spelling of a host. */
function isScoped(key: string): boolean {
  const bare = key
    .replace(/^https?:\/\//, "")
    .replace(/\/v[12]\/?$/, "")
    .replace(/\/$/, "");
  return bare.includes("/");
}

function keyHost(key: string): string {
  return key.replace(/^https?:\/\//, "").split("/")[0] ?? key;
}

async function readAll(lookup: CredentialLookup): Promise<readonly AuthFile[]> {
  const read = lookup.read ?? readText;
  const files: AuthFile[] = [];
  for (const place of authFilePlaces(lookup)) {
    const text = await read(place.path);
    if (text !== undefined && text.trim() !== "") files.push(parseAuthFile(text, place.path));
    else if (place.required && text === undefined) throw missing(place.path);
  }
  return files;
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "ENOTDIR")) return undefined;
    throw new OciError({ code: "CONFIG_INVALID", message: `Cannot read credentials from ${path}`, subject: path, cause });
  }
}

function missing(path: string): OciError {
  return new OciError({
    code: "CONFIG_INVALID",
    message: `Cannot read credentials from ${path}: there is no such file`,
    subject: path,
    hint: "Check --authfile and REGISTRY_AUTH_FILE.",
  });
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : text;
}
