import { spawn } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import type { Credential } from "../auth/credential.ts";
import { OciError } from "../errors.ts";
import { redactText } from "../http/redact.ts";

/** Asks a credential helper for a host; undefined when it has nothing. */
export type HelperRunner = (question: {
  readonly helper: string;
  readonly host: string;
  readonly signal?: AbortSignal | undefined;
}) => Promise<Credential | undefined>;

const TIMEOUT_MS = 30_000;
const MAX_OUTPUT = 1024 * 1024;
/** What helpers need to find their own configuration; nothing else of the environment reaches them. */
const PASSED_ON = [
  "PATH",
  "HOME",
  "USER",
  "LANG",
  "TMPDIR",
  "XDG_RUNTIME_DIR",
  "XDG_CONFIG_HOME",
  "XDG_DATA_HOME",
  "DBUS_SESSION_BUS_ADDRESS",
  "DISPLAY",
  "GNUPGHOME",
  "PASSWORD_STORE_DIR",
  "AWS_PROFILE",
  "AWS_REGION",
  "AWS_CONFIG_FILE",
  "AWS_SHARED_CREDENTIALS_FILE",
  "GOOGLE_APPLICATION_CREDENTIALS",
  "CLOUDSDK_CONFIG",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
] as const;

/** Which helper is asked about which host, and what of the environment it may see. */
export interface HelperQuestion {
  readonly helper: string;
  readonly host: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs `docker-credential-<helper> get`: the host on stdin, JSON on stdout. The helper's name is a plain word, its
 * program is found once on the PATH, no shell takes part, and it has 30 seconds.
 * @throws OciError `CONFIG_INVALID` for a bad name, a missing program or a failure other than "not found"
 */
export async function runHelper(question: HelperQuestion): Promise<Credential | undefined> {
  const result = await call(question, { verb: "get", input: question.host });
  if (result.status === 0) return answer(result.output, question);
  if (isNotFound(result.output)) return undefined;
  throw fault(question, "get", redactText(result.output, 200) || ended(result));
}

/**
 * Gives a password to a helper to keep: `store`, JSON on stdin. Its own words are shown only where they do not hold the password.
 * @throws OciError `CONFIG_INVALID`
 */
export async function storeWithHelper(
  question: HelperQuestion,
  login: { readonly username: string; readonly password: string },
): Promise<void> {
  const { username, password } = login;
  const document = JSON.stringify({ ServerURL: question.host, Username: username, Secret: password });
  const result = await call(question, { verb: "store", input: document });
  if (result.status === 0) return;
  const forms = [password, JSON.stringify(password).slice(1, -1), Buffer.from(password).toString("base64").replace(/=+$/, "")];
  const telling = forms.some((form) => result.output.includes(form));
  throw fault(question, "store", (telling ? "" : redactText(result.output, 200)) || ended(result));
}

/**
 * Makes a helper forget a host: `erase`, the host on stdin. True when it had something.
 * @throws OciError `CONFIG_INVALID`
 */
export async function eraseWithHelper(question: HelperQuestion): Promise<boolean> {
  // Some helpers succeed, and some fail, when they have nothing to erase.
  if ((await runHelper(question)) === undefined) return false;
  const result = await call(question, { verb: "erase", input: question.host });
  if (result.status === 0) return true;
  if (isNotFound(result.output)) return false;
  throw fault(question, "erase", redactText(result.output, 200) || ended(result));
}

type Verb = "get" | "store" | "erase";

interface HelperResult {
  readonly status: number | null;
  readonly output: string;
}

async function call(question: HelperQuestion, what: { readonly verb: Verb; readonly input: string }): Promise<HelperResult> {
  const { helper, env } = question;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(helper)) throw fault(question, what.verb, "its name is not a plain word");
  const program = await onPath(`docker-credential-${helper}`, env["PATH"] ?? "");
  if (program === undefined) throw fault(question, what.verb, `docker-credential-${helper} is not on the PATH`);
  return await run(program, { ...what, env, signal: question.signal });
}

/** The protocol says "not found" in words; docker-credential-helpers "credentials/error.go". */
function isNotFound(output: string): boolean {
  return /credentials not found|no credentials|not found in native keychain/i.test(output);
}

function ended(result: HelperResult): string {
  return `it ended with status ${result.status ?? "none"}`;
}

function answer(output: string, asked: HelperQuestion): Credential | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(output);
  } catch {
    throw fault(asked, "get", "its answer is not JSON");
  }
  if (typeof parsed !== "object" || parsed === null) return undefined;
  const { Username: username, Secret: secret } = parsed as Record<string, unknown>;
  if (typeof username !== "string" || typeof secret !== "string" || secret === "") return undefined;
  return username === "<token>" ? { kind: "identity", username: "", token: secret } : { kind: "basic", username, password: secret };
}

async function onPath(name: string, path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter)) {
    // A relative entry would run whatever lies in the current folder.
    if (!isAbsolute(folder)) continue;
    const candidate = join(folder, name);
    try {
      await access(candidate, constants.X_OK);
      return candidate;
    } catch {
      // Next folder.
    }
  }
  return undefined;
}

function run(
  program: string,
  how: { verb: Verb; input: string; env: Readonly<Record<string, string | undefined>>; signal: AbortSignal | undefined },
): Promise<HelperResult> {
  const env: Record<string, string> = {};
  for (const name of PASSED_ON) {
    const value = how.env[name];
    if (value !== undefined) env[name] = value;
  }
  return new Promise((resolve, reject) => {
    const child = spawn(program, [how.verb], { env, stdio: ["pipe", "pipe", "pipe"], shell: false });
    const chunks: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(() => child.kill("SIGKILL"), TIMEOUT_MS);
    const stop = (): void => void child.kill("SIGKILL");
    how.signal?.addEventListener("abort", stop, { once: true });
    const collect = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > MAX_OUTPUT) child.kill("SIGKILL");
      else chunks.push(chunk);
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.stdin.on("error", () => undefined);
    child.on("error", (cause) => {
      clearTimeout(timer);
      how.signal?.removeEventListener("abort", stop);
      reject(new OciError({ code: "CONFIG_INVALID", message: `Cannot run ${program}`, subject: program, cause }));
    });
    child.on("close", (status) => {
      clearTimeout(timer);
      how.signal?.removeEventListener("abort", stop);
      resolve({ status, output: Buffer.concat(chunks).toString("utf8") });
    });
    child.stdin.end(how.input);
  });
}

const ACTIONS = { get: "get the credential for", store: "keep the login of", erase: "forget the login of" } as const;

function fault(question: HelperQuestion, verb: Verb, why: string): OciError {
  const { helper, host } = question;
  return new OciError({
    code: "CONFIG_INVALID",
    message: `Cannot ${ACTIONS[verb]} ${host} ${verb === "get" ? "from" : "with"} helper ${JSON.stringify(helper.slice(0, 64))}: ${why}`,
    subject: host,
    hint: "Check credHelpers and credsStore in the auth file.",
  });
}
