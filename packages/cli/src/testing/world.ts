import { runCli } from "../run.ts";
import type { World } from "../world/types.ts";

/** What a captured run left behind. */
export interface Captured {
  readonly code: number;
  readonly stdout: string;
  readonly stdoutBytes: Uint8Array;
  readonly stderr: string;
}

export interface CapturedWorldOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly home?: string;
  readonly stdin?: string;
  readonly terminal?: boolean;
  readonly columns?: number;
  readonly signal?: AbortSignal;
  /** A file that is the whole program. */
  readonly program?: string;
  /** Sees what goes to stderr as it goes. */
  readonly onTalk?: (text: string) => void;
}

/**
 * Runs a command line in this process against a captured world, for tests. The environment holds only what is given, and
 * the home folder is one that does not exist, so that no file of the machine takes part.
 */
export async function runInWorld(args: readonly string[], options: CapturedWorldOptions = {}): Promise<Captured> {
  const out: Uint8Array[] = [];
  let talk = "";
  const terminal = options.terminal === true;
  const world: World = {
    stdout: {
      isTTY: terminal,
      write: async (data) => {
        out.push(typeof data === "string" ? new TextEncoder().encode(data) : data);
      },
    },
    stderr: {
      isTTY: terminal,
      write: (text) => {
        talk += text;
        options.onTalk?.(text);
      },
      columns: () => options.columns ?? 80,
      onResize: () => () => undefined,
    },
    stdin: {
      isTTY: terminal,
      chunks: async function* () {
        yield new TextEncoder().encode(options.stdin ?? "");
      },
      ask: async () => undefined,
    },
    env: options.env ?? {},
    cwd: options.cwd ?? "/nonexistent",
    home: options.home ?? "/nonexistent/home",
    now: () => new Date(),
    signal: options.signal ?? new AbortController().signal,
    onHangup: () => () => undefined,
    platform: "linux/x64",
    node: "26.0.0",
    program: options.program,
  };
  const code = await runCli(args, world);
  const bytes = Buffer.concat(out);
  return { code, stdout: bytes.toString("utf8"), stdoutBytes: bytes, stderr: talk };
}
