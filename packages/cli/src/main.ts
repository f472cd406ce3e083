import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runCli } from "./run.ts";
import { STANDALONE } from "./version.ts";
import { Interruption, OutputClosedError, type ResultOutput, type TalkOutput, type TextInput, type World } from "./world/types.ts";

const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * What requests leave behind survives the small young generation and is old garbage soon. V8 lets an old generation of 25 MB
 * grow to some 100 MB before it looks, with more images more; this way memory follows what is alive. Costs a tenth of the CPU
 * time or less (bench/memory).
 */
const HEAP_GROWTH = "--heap-growing-percent=30";

/** Runs the program on the real process: the only place that touches it. */
async function main(): Promise<void> {
  setFlagsFromString(HEAP_GROWTH);
  const abort = new AbortController();
  const stderr = talkOutput();
  for (const name of Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]) {
    process.on(name, () => {
      if (abort.signal.aborted) {
        // The second signal ends at once; what is on disk is consistent at any moment.
        if (process.stderr.isTTY) process.stderr.write("\u001b[?25h");
        process.exit(SIGNALS[name]);
      }
      abort.abort(new Interruption(name));
    });
  }
  process.on("exit", () => {
    if (process.stderr.isTTY) process.stderr.write("\u001b[?25h");
  });
  const world: World = {
    stdout: resultOutput(abort),
    stderr,
    stdin: textInput(),
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    now: () => new Date(),
    signal: abort.signal,
    onHangup: (listener) => {
      process.on("SIGHUP", listener);
      return () => process.off("SIGHUP", listener);
    },
    platform: `${process.platform}/${process.arch}`,
    node: process.versions.node,
    program: programFile(),
  };
  process.exitCode = await runCli(process.argv.slice(2), world);
  // A connection or timer that someone forgot must not keep the terminal waiting; what is written has been waited for.
  const code = process.exitCode;
  setTimeout(() => process.exit(code), 500).unref();
}

/** The program as a single file: itself, or what the build put beside the one that loads in pieces. */
function programFile(): string | undefined {
  const file = STANDALONE ? import.meta.filename : join(import.meta.dirname, "standalone", "skerry.mjs");
  return existsSync(file) ? file : undefined;
}

function resultOutput(abort: AbortController): ResultOutput {
  let closed = false;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    closed = true;
    abort.abort(new OutputClosedError("the reader of the output went away"));
  });
  return {
    isTTY: process.stdout.isTTY === true,
    write: (data) =>
      new Promise((resolve, reject) => {
        if (closed) reject(new OutputClosedError("the reader of the output went away"));
        else
          process.stdout.write(data, (error) => {
            if (error === null || error === undefined) resolve();
            else reject("code" in error && error.code === "EPIPE" ? new OutputClosedError("the reader of the output went away") : error);
          });
      }),
  };
}

function talkOutput(): TalkOutput {
  process.stderr.on("error", () => undefined);
  return {
    isTTY: process.stderr.isTTY === true,
    write: (text) => {
      process.stderr.write(text);
    },
    // A terminal without a size (some containers and recorders) says 0.
    columns: () => process.stderr.columns || 80,
    onResize: (listener) => {
      process.stderr.on("resize", listener);
      return () => process.stderr.off("resize", listener);
    },
  };
}

function textInput(): TextInput {
  return {
    isTTY: process.stdin.isTTY === true,
    chunks: async function* () {
      for await (const chunk of process.stdin) yield chunk as Uint8Array;
    },
    ask: async (question, options) => {
      if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) return undefined;
      return askLine(question, options?.secret === true);
    },
  };
}

function askLine(question: string, secret: boolean): Promise<string | undefined> {
  process.stderr.write(question);
  // readline echoes what is typed into its output: a secret goes nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: secret ? nowhere : process.stderr, terminal: true });
  return new Promise((resolve) => {
    lines.once("SIGINT", () => process.kill(process.pid, "SIGINT"));
    lines.once("line", (line) => {
      resolve(line);
      lines.close();
    });
    lines.once("close", () => {
      if (secret) process.stderr.write("\n");
      resolve(undefined);
    });
  });
}

await main();
