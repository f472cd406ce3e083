import { MirrorError } from "../errors.ts";

/** One thing that is wrong in a configuration file. */
export interface ConfigFault {
  /** Where in the document: `mirror.operators[0].packages[1].minVersion`; empty for the file as a whole. */
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** What is wrong: expected and got. */
  readonly message: string;
  /** What to write instead, as an imperative sentence. */
  readonly suggestion?: string;
}

/** Everything that is wrong in one configuration file, code `CONFIG_INVALID`. */
export class ConfigError extends MirrorError {
  override readonly name: string = "ConfigError";
  /** In the order of the file. */
  readonly errors: readonly ConfigFault[];

  constructor(file: string, errors: readonly ConfigFault[]) {
    super({
      code: "CONFIG_INVALID",
      message: `Cannot use ${file}: ${errors.length === 1 ? "1 error" : `${errors.length} errors`}`,
      details: errors.map((fault) => formatConfigFault(file, fault)),
      subject: file,
      hint: "Correct the lines named; `skerry config check -c FILE` checks the file without contacting anything.",
    });
    this.errors = errors;
  }
}

/** `file:line:column: path: message. suggestion`, the form that editors and terminals can jump to. */
export function formatConfigFault(file: string, fault: ConfigFault): string {
  const path = fault.path === "" ? "" : `${fault.path}: `;
  const suggestion = fault.suggestion === undefined ? "" : `. ${fault.suggestion}`;
  return `${file}:${fault.line}:${fault.column}: ${path}${fault.message}${suggestion}`;
}
