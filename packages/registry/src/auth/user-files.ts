import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseDocument, stringify } from "yaml";
import { z } from "zod";
import { RegistryError } from "../errors.ts";
import { errorCode } from "../store/files.ts";
import { isRepositoryGlob, type RepositoryGlobs } from "./globs.ts";
import { hashPassword } from "./password.ts";

/** Where users are kept: bcrypt htpasswd, and beside it who may use which repositories. */
export interface UserFiles {
  readonly htpasswd: string;
  readonly access: string;
}

/** What access.yaml says. Without the file every user may use everything. */
export interface AccessRules {
  /** Of somebody without a name. */
  readonly anonymous: RepositoryGlobs | undefined;
  readonly users: ReadonlyMap<string, RepositoryGlobs>;
}

export interface RegistryUser extends RepositoryGlobs {
  readonly name: string;
}

const EVERYTHING: RepositoryGlobs = { read: ["**"], write: ["**"] };
const USER_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,127}$/;

const globs = z.array(z.string().refine(isRepositoryGlob, "not a repository pattern")).default([]);
const rules = z.strictObject({ read: globs, write: globs });
const accessSchema = z.strictObject({
  anonymous: z.strictObject({ read: globs }).optional(),
  users: z.record(z.string(), rules).default({}),
});

/** The files in a registry's root. */
export function userFilesIn(root: string): UserFiles {
  return { htpasswd: join(root, "htpasswd"), access: join(root, "access.yaml") };
}

/**
 * Reads names and bcrypt hashes.
 * @throws RegistryError `CONFIG_INVALID` for a line that is no `name:hash`, or a hash of another kind
 */
export async function readPasswords(path: string): Promise<ReadonlyMap<string, string>> {
  const users = new Map<string, string>();
  const lines = (await textOf(path)).split("\n");
  for (const [index, line] of lines.entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const colon = line.indexOf(":");
    const [name, hash] = [line.slice(0, colon), line.slice(colon + 1).trim()];
    if (colon < 1 || !/^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/.test(hash)) {
      throw new RegistryError({
        code: "CONFIG_INVALID",
        message: `Cannot read ${path}: line ${index + 1} is not a name with a bcrypt hash`,
        subject: path,
        hint: "Set the password again with 'skerry registry user add', or with 'htpasswd -B'.",
      });
    }
    users.set(name, hash);
  }
  return users;
}

/**
 * Reads access.yaml; undefined where there is none.
 * @throws RegistryError `CONFIG_INVALID`, naming the key
 */
export async function readAccess(path: string): Promise<AccessRules | undefined> {
  const text = await textOf(path);
  if (text.trim() === "") return undefined;
  const document = parseDocument(text, { uniqueKeys: true });
  const fault = document.errors[0]?.message.split("\n")[0];
  const parsed = accessSchema.safeParse(fault === undefined ? document.toJS({ maxAliasCount: 0 }) : undefined);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new RegistryError({
      code: "CONFIG_INVALID",
      message: `Cannot read ${path}: ${fault ?? `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "invalid"}`}`,
      subject: path,
      hint: "Compare it with docs/registry.md.",
    });
  }
  const { anonymous, users } = parsed.data;
  return { anonymous: anonymous === undefined ? undefined : { read: anonymous.read, write: [] }, users: new Map(Object.entries(users)) };
}

/**
 * Adds a user or sets the password of one. Without patterns the user may read and write everything.
 * @throws RegistryError `USER_INVALID`, `PASSWORD_INVALID`, `CONFIG_INVALID`
 */
export async function addUser(
  files: UserFiles,
  user: { readonly name: string; readonly password: string; readonly read?: readonly string[]; readonly write?: readonly string[] },
): Promise<void> {
  if (!USER_NAME.test(user.name))
    throw invalidUser(user.name, "a name has 1 to 128 letters, digits and . _ @ + -, and begins with no sign");
  const [read, write] = [user.read ?? [], user.write ?? []];
  const wrong = [...read, ...write].find((pattern) => !isRepositoryGlob(pattern));
  if (wrong !== undefined) throw invalidUser(user.name, `${JSON.stringify(wrong)} is not a repository pattern such as team/** or team/app`);
  const passwords = new Map(await readPasswords(files.htpasswd));
  const access = await readAccess(files.access);
  const limits = read.length + write.length === 0 ? EVERYTHING : { read, write };
  passwords.set(user.name, await hashPassword(user.password));
  const users = access?.users ?? new Map([...passwords.keys()].map((name) => [name, EVERYTHING] as const));
  await writeAccess(files.access, { anonymous: access?.anonymous, users: new Map([...users, [user.name, limits]]) });
  await writePasswords(files.htpasswd, passwords);
}

/** @throws RegistryError `USER_UNKNOWN` */
export async function removeUser(files: UserFiles, name: string): Promise<void> {
  const passwords = new Map(await readPasswords(files.htpasswd));
  if (!passwords.delete(name)) {
    throw new RegistryError({
      code: "USER_UNKNOWN",
      message: `Cannot remove user ${JSON.stringify(name)}: there is no such user`,
      subject: name,
    });
  }
  await writePasswords(files.htpasswd, passwords);
  const access = await readAccess(files.access);
  if (access === undefined) return;
  const users = new Map(access.users);
  users.delete(name);
  await writeAccess(files.access, { anonymous: access.anonymous, users });
}

/** Users by name, with what each may use. */
export async function listUsers(files: UserFiles): Promise<readonly RegistryUser[]> {
  const access = await readAccess(files.access);
  const names = [...(await readPasswords(files.htpasswd)).keys()].sort();
  return names.map((name) => ({ name, ...(access === undefined ? EVERYTHING : (access.users.get(name) ?? { read: [], write: [] })) }));
}

function invalidUser(name: string, why: string): RegistryError {
  return new RegistryError({
    code: "USER_INVALID",
    message: `Cannot add user ${JSON.stringify(name.slice(0, 200))}: ${why}`,
    subject: name.slice(0, 200),
  });
}

async function writePasswords(path: string, users: ReadonlyMap<string, string>): Promise<void> {
  const lines = [...users].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, hash]) => `${name}:${hash}\n`);
  await replaceFile(path, lines.join(""));
}

async function writeAccess(path: string, rulesNow: AccessRules): Promise<void> {
  const sorted = [...rulesNow.users].sort(([a], [b]) => (a < b ? -1 : 1));
  const anonymous = rulesNow.anonymous === undefined ? {} : { anonymous: { read: rulesNow.anonymous.read } };
  const text = stringify({ ...anonymous, users: Object.fromEntries(sorted.map(([name, { read, write }]) => [name, { read, write }])) });
  await replaceFile(path, text);
}

async function replaceFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(8).toString("hex")}`;
  const file = await open(temporary, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    await unlink(temporary);
    throw error;
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return "";
    throw error;
  }
}
