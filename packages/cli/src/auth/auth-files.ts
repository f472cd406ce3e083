import { mkdir, readFile, realpath } from "node:fs/promises";
import { dirname } from "node:path";
import { OciError, writeFileAtomic } from "@skerry/oci";

/** One key of an auth file, without its secret. */
export interface AuthEntry {
  readonly key: string;
  readonly kind: "password" | "token" | "helper";
  readonly username?: string;
  /** Name of the helper that keeps it. */
  readonly helper?: string;
}

/** What a file says about who serves which host. Secrets stay in it. */
export interface AuthListing {
  readonly path: string;
  readonly entries: readonly AuthEntry[];
  /** Helper for every host that has no key. */
  readonly store?: string;
}

/**
 * Lists the keys of an auth file; undefined when it is not there.
 * @throws OciError `CONFIG_INVALID` when it cannot be read or is no auth file
 */
export async function listAuthFile(path: string): Promise<AuthListing | undefined> {
  const document = await readDocument(path);
  if (document === undefined) return undefined;
  const entries = Object.entries(tableOf(document, "auths")).map(([key, value]): AuthEntry => {
    const { auth, identitytoken, registrytoken, username } = (typeof value === "object" && value !== null ? value : {}) as Record<
      string,
      unknown
    >;
    const user =
      typeof auth === "string" ? Buffer.from(auth, "base64").toString("utf8").split(":")[0] : typeof username === "string" ? username : "";
    const named = user === undefined || user === "" ? {} : { username: user };
    return { key, kind: typeof identitytoken === "string" || typeof registrytoken === "string" ? "token" : "password", ...named };
  });
  for (const [key, helper] of Object.entries(tableOf(document, "credHelpers"))) {
    if (typeof helper === "string") entries.push({ key, kind: "helper", helper });
  }
  const store = document["credsStore"];
  return {
    path,
    entries: entries.sort((a, b) => (a.key < b.key ? -1 : 1)),
    ...(typeof store === "string" && store !== "" ? { store } : {}),
  };
}

/**
 * Name of the helper to which an auth file leaves a host: the one in `credHelpers`, else `credsStore`.
 * @throws OciError `CONFIG_INVALID` when the file is no auth file
 */
export async function helperOf(path: string, host: string): Promise<string | undefined> {
  const document = await readDocument(path);
  if (document === undefined) return undefined;
  const helpers = tableOf(document, "credHelpers");
  const own = Object.hasOwn(helpers, host) ? helpers[host] : undefined;
  const helper = typeof own === "string" && own !== "" ? own : document["credsStore"];
  return typeof helper === "string" && helper !== "" ? helper : undefined;
}

/**
 * Keeps a password for a host in an auth file, 0600; other keys and a link that the file is stay as they are.
 * @throws OciError `CONFIG_INVALID` when the file is no auth file
 */
export async function storeLogin(
  path: string,
  login: { readonly host: string; readonly username: string; readonly password: string },
): Promise<void> {
  const document = (await readDocument(path)) ?? {};
  const auth = Buffer.from(`${login.username}:${login.password}`, "utf8").toString("base64");
  const key = keyOf(path, login.host);
  await writeDocument(path, { ...document, auths: { ...tableOf(document, "auths"), [key]: { auth } } });
}

/** Removes a host from an auth file. True when it was in it. */
export async function removeLogin(path: string, host: string): Promise<boolean> {
  const document = await readDocument(path);
  if (document === undefined) return false;
  const auths = tableOf(document, "auths");
  const kept = Object.entries(auths).filter(([key]) => key !== host && key !== keyOf(path, host));
  if (kept.length === Object.keys(auths).length) return false;
  await writeDocument(path, { ...document, auths: Object.fromEntries(kept) });
  return true;
}

/** Docker's own file knows Docker Hub by the address of its first interface; containers' files by its name. */
function keyOf(path: string, host: string): string {
  return host === "docker.io" && path.endsWith("config.json") ? "https://index.docker.io/v1/" : host;
}

async function writeDocument(path: string, document: Readonly<Record<string, unknown>>): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const target = await realpath(path).catch(() => path);
  await writeFileAtomic(target, new TextEncoder().encode(`${JSON.stringify(document, undefined, 2)}\n`), { mode: 0o600 });
}

async function readDocument(path: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "ENOTDIR")) return undefined;
    throw new OciError({ code: "CONFIG_INVALID", message: `Cannot read ${path}`, subject: path, cause });
  }
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // The parser's message quotes the text, which holds secrets.
  }
  throw new OciError({ code: "CONFIG_INVALID", message: `Cannot use ${path}: it is not a JSON object`, subject: path });
}

function tableOf(document: Readonly<Record<string, unknown>>, key: string): Readonly<Record<string, unknown>> {
  const value = document[key];
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
