/** Where results go. Writing waits while the reader is slow; a closed pipe rejects with `OutputClosedError`. */
export interface ResultOutput {
  write(data: string | Uint8Array): Promise<void>;
  readonly isTTY: boolean;
}

/** Where talk and progress go. Never waits. */
export interface TalkOutput {
  write(text: string): void;
  readonly isTTY: boolean;
  /** Width of the terminal now; 80 where there is none. */
  columns(): number;
  /** Calls back when the terminal changes its size; returns what ends that. */
  onResize(listener: () => void): () => void;
}

export interface TextInput {
  readonly isTTY: boolean;
  chunks(): AsyncIterable<Uint8Array>;
  /** Asks one line without echo when `secret`; undefined when there is no terminal or it ended. */
  ask(question: string, options?: { readonly secret?: boolean }): Promise<string | undefined>;
}

/**
 * Everything outside of the program that a command may touch besides files and sockets. Passed in, so that a test runs
 * any command in its own process with what it wants to see.
 */
export interface World {
  readonly stdout: ResultOutput;
  readonly stderr: TalkOutput;
  readonly stdin: TextInput;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Working directory; relative paths of flags are resolved against it. */
  readonly cwd: string;
  readonly home: string;
  now(): Date;
  /** Aborted by SIGINT and SIGTERM; the reason is an `Interruption`. */
  readonly signal: AbortSignal;
  /** Calls back on every SIGHUP; returns what ends that. While nobody listens, SIGHUP ends the program as usual. */
  onHangup(listener: () => void): () => void;
  /** Of the running program: version of Node, `linux/x64`, and a file that is the whole program, where there is one. */
  readonly platform: string;
  readonly node: string;
  readonly program?: string | undefined;
}

/** Why a run was ended from outside. Exit codes 130 and 143 of the contract. */
export class Interruption extends Error {
  override readonly name = "Interruption";
  readonly signalName: "SIGINT" | "SIGTERM";
  readonly hint: string = "Nothing is lost: the same command goes on where it stopped.";

  constructor(signalName: "SIGINT" | "SIGTERM") {
    super(`interrupted by ${signalName}`);
    this.signalName = signalName;
  }
}

/** The reader of stdout went away (`skerry … | head`): not a fault. */
export class OutputClosedError extends Error {
  override readonly name = "OutputClosedError";
}
