import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { OciError } from "../errors.ts";
import type { TlsMaterial } from "../http/connections.ts";

/**
 * Certificates for one host. containers-certs.d(5): the folder `host:port` under each root; every `*.crt` is a CA,
 * `X.cert` with `X.key` is a client pair, either of them alone is a fault. The first root that has the folder is used.
 * @throws OciError `CONFIG_INVALID` for half a pair or a file that cannot be read
 */
export async function certificatesFor(
  host: string,
  from: { readonly dirs: readonly string[]; readonly extraCa: readonly string[] },
): Promise<TlsMaterial | undefined> {
  for (const root of from.dirs) {
    // A host is never a path: it holds no slash, and ".." is no host name.
    if (host.includes("/") || host === ".." || host === ".") continue;
    const folder = join(root, host);
    const names = await list(folder);
    if (names === undefined) continue;
    const ca = await Promise.all(names.filter((name) => name.endsWith(".crt")).map((name) => text(join(folder, name))));
    return { ca: [...from.extraCa, ...ca], ...(await pair(folder, names)) };
  }
  return from.extraCa.length === 0 ? undefined : { ca: from.extraCa };
}

/** Where certs.d is looked for when no flag names it: the user's folder, then the system's, then Docker's. */
export function certDirs(lookup: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly flag?: string | undefined;
}): readonly string[] {
  if (lookup.flag !== undefined) return [lookup.flag];
  const user = join(lookup.env["XDG_CONFIG_HOME"] || join(lookup.home, ".config"), "containers/certs.d");
  return [user, "/etc/containers/certs.d", "/etc/docker/certs.d"];
}

async function pair(folder: string, names: readonly string[]): Promise<{ cert?: string; key?: string }> {
  const stems = (suffix: string): string[] => names.filter((name) => name.endsWith(suffix)).map((name) => name.slice(0, -suffix.length));
  const certs = stems(".cert");
  const keys = stems(".key");
  const alone = [
    ...certs.filter((stem) => !keys.includes(stem)).map((stem) => `${stem}.cert`),
    ...keys.filter((stem) => !certs.includes(stem)).map((stem) => `${stem}.key`),
  ];
  if (alone[0] !== undefined) {
    throw new OciError({
      code: "CONFIG_INVALID",
      message: `Cannot use the client certificate in ${folder}: ${alone[0]} is there without its other half`,
      subject: folder,
      hint: "A client certificate needs X.cert and X.key; a CA ends in .crt.",
    });
  }
  const stem = certs[0];
  if (stem === undefined) return {};
  return { cert: await text(join(folder, `${stem}.cert`)), key: await text(join(folder, `${stem}.key`)) };
}

async function list(folder: string): Promise<string[] | undefined> {
  try {
    return (await readdir(folder)).sort();
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "ENOTDIR" || cause.code === "EACCES"))
      return undefined;
    throw unreadable(folder, cause);
  }
}

async function text(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): OciError {
  return new OciError({ code: "CONFIG_INVALID", message: `Cannot read certificates from ${path}`, subject: path, cause });
}
